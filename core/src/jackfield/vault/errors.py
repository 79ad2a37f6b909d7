"""What can go wrong with secrets at rest. All are faults of the host, and none says more than what to do."""

from __future__ import annotations

from jackfield.contract import HostFault


class MasterKeyRefused(HostFault):
    """A master key is missing, malformed, readable by others, or not the one that locked the keys in the database."""

    code = "master_key_refused"


class SealBroken(HostFault):
    """A sealed secret does not open: changed, cut short, moved from another owner, or sealed under another key.

    Which of these it is, is not said: the answer would help only whoever tampers.
    """

    code = "seal_broken"
    advice = "Enter the secret again. If this happens for many, check that the database and the master key belong together."
