"""Say in a sentence when Python is too old to set up the project."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # this is the file that says so
    sys.exit(
        f"make: Python 3.11 or newer is needed, this is {sys.version.split()[0]}; "
        "try `make PYTHON=python3.11 setup`"
    )
