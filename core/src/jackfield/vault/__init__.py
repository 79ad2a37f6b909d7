"""Secrets at rest: the master keys, the workspaces' key pairs, sealing and opening, tokens."""

from .errors import MasterKeyRefused, SealBroken
from .key_file import load_keyring, load_master_key, read_key_file, write_key_file
from .key_pair import BITS, KeyPair, master_key_id_of, relock
from .master_key import ENVIRONMENT, MasterKey, MasterKeyring
from .sealing import Owner, key_id_of, open_sealed, seal
from .tokens import hash_token, matches, new_api_key, new_session_token, shown_part, well_formed

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
    "load_keyring",
    "load_master_key",
    "master_key_id_of",
    "matches",
    "new_api_key",
    "new_session_token",
    "open_sealed",
    "read_key_file",
    "relock",
    "seal",
    "shown_part",
    "well_formed",
    "write_key_file",
]
