"""What decides which config vars the example needs, read from its files."""

import ast
import json
import os
import runpy
import shutil
from pathlib import Path
from unittest.mock import patch

from dotenv import dotenv_values

from tests.conftest import ROOT

EXAMPLE = ROOT / "example"
SETTINGS = EXAMPLE / "staff" / "settings.py"


def read_variables() -> dict[str, bool]:
    """Return the variables that settings.py reads, and whether each has a default."""
    return {
        call.args[0].value: any(each.arg == "default" for each in call.keywords)
        for call in ast.walk(ast.parse(SETTINGS.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).startswith("env.")
        and isinstance(call.args[0], ast.Constant)
    }


VARIABLES = read_variables()
OPTIONAL = {name for name, has_default in VARIABLES.items() if has_default}

# The database add-on sets it.
SET_BY_HEROKU = {"DATABASE_URL"}

OWN_MACHINE = dotenv_values(EXAMPLE / ".env.example")
BUTTON = json.loads((EXAMPLE / "app.json").read_text())

# What production has in the end: PostgreSQL, and a mail service with its account.
PRODUCTION = {
    **OWN_MACHINE,
    "DEBUG": "false",
    "DATABASE_URL": "postgres://user:password@localhost:5432/name",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "smtp.example.com",
    "EMAIL_HOST_USER": "calibration",
    "EMAIL_HOST_PASSWORD": "secret",
}


def copy_settings(folder: Path) -> Path:
    """Copy settings.py, so that a contributor's own .env supplies nothing."""
    (folder / "staff").mkdir(exist_ok=True)
    return Path(shutil.copy(SETTINGS, folder / "staff" / "settings.py"))


def run_settings(environment: dict[str, str], file: Path = SETTINGS) -> dict:
    """Run settings.py with these config vars and no others; return what it defines.

    Raises EnvError for a variable that is missing or wrong.
    """
    others = {name: os.environ[name] for name in os.environ if name not in VARIABLES}
    with patch.dict(os.environ, {**others, **environment}, clear=True):
        return runpy.run_path(str(file))
