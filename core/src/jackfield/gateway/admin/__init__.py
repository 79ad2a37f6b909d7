"""The admin API under /api: all that a workspace is made of, for programs and people; described in /api/openapi.json.

Thin: it reads requests, asks the host, and writes answers. What is allowed, and what things mean, is decided in
`jackfield.tenancy` and `jackfield.host`.
"""

from .mount import mount

__all__ = ["mount"]
