"""Workspaces and all that belongs to them: members, keys, credentials, choices, trials, budgets, usage, audit."""

from .audit import Audit, Entry
from .budgets import Budgets, BudgetState
from .choices import Choices
from .condition import Condition, Conditions
from .credentials import MASK, CredentialChange, CredentialInfo, CredentialStore
from .first_owner import FirstOwner
from .keys import KeyInfo, Keys
from .ledger import Ledger, UsageRecord
from .people import MemberInfo, Membership, People, PersonInfo
from .principal import Principal, Role, Scopes
from .rounds import Rounds
from .tenancy import Tenancy
from .trials import Reservation, Trial, Trials, TrialState
from .usage import Total, UsageFilter, UsageReader
from .views import CredentialRecord, Preference, Views, WorkspaceView
from .workspaces import FirstRun, RemovedInfo, WorkspaceInfo, Workspaces, operator

__all__ = [
    "MASK",
    "Audit",
    "BudgetState",
    "Budgets",
    "Choices",
    "Condition",
    "Conditions",
    "CredentialChange",
    "CredentialInfo",
    "CredentialRecord",
    "CredentialStore",
    "Entry",
    "FirstOwner",
    "FirstRun",
    "KeyInfo",
    "Keys",
    "Ledger",
    "MemberInfo",
    "Membership",
    "People",
    "PersonInfo",
    "Preference",
    "Principal",
    "RemovedInfo",
    "Reservation",
    "Role",
    "Rounds",
    "Scopes",
    "Tenancy",
    "Total",
    "Trial",
    "TrialState",
    "Trials",
    "UsageFilter",
    "UsageReader",
    "UsageRecord",
    "Views",
    "WorkspaceInfo",
    "WorkspaceView",
    "Workspaces",
    "operator",
]
