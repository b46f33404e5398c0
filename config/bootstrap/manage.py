"""./dev manage: the commands of manage.py, with the secret key in place."""

import os
import sys

from config.bootstrap.places import ensure_secret_key

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    ensure_secret_key()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[1:]])
