"""Secrets at rest: the master key, the workspaces' key pairs, sealing and opening, tokens."""

from .errors import MasterKeyRefused, SealBroken
from .key_pair import BITS, KeyPair, master_key_id_of
from .master_key import ENVIRONMENT, MasterKey, MasterKeyring, load_master_key
from .sealing import Owner, key_id_of, open_sealed, seal
from .tokens import hash_token, new_api_key, new_session_token, shown_part

__all__ = [
    "BITS",
    "ENVIRONMENT",
    "KeyPair",
    "MasterKey",
    "MasterKeyRefused",
    "MasterKeyring",
    "Owner",
    "SealBroken",
    "hash_token",
    "key_id_of",
    "load_master_key",
    "master_key_id_of",
    "new_api_key",
    "new_session_token",
    "open_sealed",
    "seal",
    "shown_part",
]
