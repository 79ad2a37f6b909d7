"""Run in a clean environment: several commands of `jackfield` in one process, each told by what it printed and how it ended.

`python commands.py '[["plugins", "--json"], …]'`; a command may begin with `path:FOLDER`, which is then found first.
"""

import contextlib
import importlib
import io
import json
import sys

from jackfield.cli.app import run

own = list(sys.path[1:])
told = []
for command in json.loads(sys.argv[1]):
    paths = [word.removeprefix("path:") for word in command if word.startswith("path:")]
    sys.path[:] = [*paths, *own]
    importlib.invalidate_caches()
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run([word for word in command if not word.startswith("path:")])
        except SystemExit as end:
            code = end.code or 0
    told.append({"code": code, "out": out.getvalue(), "err": err.getvalue()})
print(json.dumps(told))
