"""Runs manage.py in many projects quickly: Django is loaded once, and each run forked.

A program of its own: pytest's process has the example's settings. Each line of standard
input orders a run (JSON: folder, arguments, environment), and each line of standard
output is what one wrote (JSON: a string).
"""

import json
import os
import runpy
import subprocess
import sys
import tempfile

LOADED = [
    *("django.core.asgi", "django.core.handlers.asgi", "django.core.handlers.wsgi"),
    *("django.core.management.commands.check", "django.core.mail.backends.smtp"),
    *("django.core.servers.basehttp", "django.db.backends.postgresql.base"),
    *("django.contrib.staticfiles.apps", "django.contrib.staticfiles.storage"),
    *("django.middleware.security", "django.middleware.csrf", "django.views.debug"),
    *("django.core.files.storage.memory", "django.db.migrations.autodetector"),
    *("django.db.migrations.loader", "django.template.defaulttags"),
    *("django.templatetags.static", "logging.handlers"),
    *("whitenoise.middleware", "whitenoise.storage"),
]


class Manager:
    """manage.py of any project; a context manager, for the program that it runs."""

    def __enter__(self):
        self.program = subprocess.Popen(
            [sys.executable, __file__],
            env={"PATH": os.environ["PATH"]},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *exception):
        self.program.stdin.close()
        self.program.wait()
        self.program.stdout.close()

    def run(self, folder, *arguments, **environment):
        """Return standard output and error of `python manage.py` with arguments."""
        order = [str(folder), arguments, environment]
        print(json.dumps(order), file=self.program.stdin, flush=True)
        return json.loads(self.program.stdout.readline())


def run(folder, arguments, environment):
    """Do there what `python manage.py` does, in this process."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["manage.py", *arguments]
    sys.path[0] = folder
    sys.dont_write_bytecode = True
    runpy.run_path("manage.py", run_name="__main__")


def serve():
    for name in LOADED:
        __import__(name)
    for line in sys.stdin:
        with tempfile.TemporaryFile("w+") as output:
            child = os.fork()
            if not child:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                run(*json.loads(line))
                sys.exit()
            os.waitpid(child, 0)
            output.seek(0)
            print(json.dumps(output.read()), flush=True)


if __name__ == "__main__":
    serve()
