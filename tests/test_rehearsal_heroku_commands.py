"""What the real CLI prints when it talks to the stand-in."""

import doctest
import re

import pexpect
import pytest

from tests.support.tiny_app import CLI_REASON, Reader, cli_installed, running_platform
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.skipif(not cli_installed, reason=CLI_REASON)

# In this order, in one project; `...` is doctest's ellipsis.
TRANSCRIPT = """\
$ env -u HEROKU_API_KEY heroku --version
heroku/11.10.0 ... node-v...
$ heroku auth:whoami
 ›   Warning: HEROKU_API_KEY is set
ada@example.com
$ heroku create Bad_Name
Creating Bad_Name... !
 ›   Error: Name must start with a letter, ...
 ›   Error ID: invalid_params
$ heroku create sunny-demo
Creating sunny-demo... done
https://sunny-demo-....herokuapp.com/ | https://git.heroku.com/sunny-demo.git
$ heroku create sunny-demo
Creating sunny-demo... !
 ›   Error: Name sunny-demo is already taken
 ›
 ›   Error ID: invalid_params
$ git remote -v
heroku...https://git.heroku.com/sunny-demo.git (fetch)
heroku...https://git.heroku.com/sunny-demo.git (push)
$ heroku apps
=== ada@example.com Apps

sunny-demo
$ heroku status
Apps:      No known issues at this time.
Data:      No known issues at this time.
Tools:     No known issues at this time.
$ heroku addons:plans heroku-postgresql
...
  default   heroku-postgresql:essential-0   Essential 0   ~$0.007/hour   $5/month
            heroku-postgresql:essential-1   Essential 1   ~$0.013/hour   $9/month
            heroku-postgresql:essential-2   Essential 2   ~$0.028/hour   $20/month
$ heroku addons:create heroku-postgresql:essential-0
Creating heroku-postgresql:essential-0 on sunny-demo... ~$0.007/hour (max $5/month)
Database should be available soon
postgresql-... is being created in the background. The app will restart when complete...
Run heroku addons:info postgresql-... to check creation progress.
Run heroku addons:docs heroku-postgresql to view documentation.
$ heroku pg:wait
$ heroku addons
...heroku-postgresql (postgresql-...)   essential-0   ~$0.007/hour   $5/month    created
  └─ as DATABASE
...
$ heroku addons --all
...sunny-demo...postgresql-...   heroku-postgresql:essential-0   ~$0.007/hour...
$ heroku addons:info DATABASE_URL
=== postgresql-...

Plan:         heroku-postgresql:essential-0
Price:        ~$0.007/hour
Max Price:    $5/month
Attachments:  sunny-demo::DATABASE
Owning app:   sunny-demo
...
State:        created
$ heroku config:set COLOUR=green SIZE=3
Setting COLOUR, SIZE and restarting sunny-demo... done, v4
COLOUR: green
SIZE:   3
$ heroku config:get COLOUR
green
$ heroku config:unset SIZE
Unsetting SIZE and restarting sunny-demo... done, v5
$ heroku config
=== sunny-demo Config Vars

DATABASE_URL: postgres://...
COLOUR:       green
$ git push heroku main
remote: Building source:...
remote: -----> Python app detected...
remote: -----> Installing dependencies using 'pip install -r requirements.txt'...
remote:        Procfile declares types -> greet, release, web...
remote:        Released v6...
remote: Verifying deploy... done....
remote: Running release command...
remote:
remote: migrated green...
To https://git.heroku.com/sunny-demo.git
 * [new branch]      main -> main
$ heroku ps
=== web (Basic): python server.py (1)

web.1: up ... (~ ... ago)
$ heroku open
Opening https://sunny-demo-....herokuapp.com/...
$ heroku ps:scale web=2
Scaling dynos... !
 ›   Error: Cannot update to more than 1 Basic size dynos per process type.
 ›
 ›   Error ID: invalid_params
$ heroku ps:scale web=2:standard-1x
Scaling dynos... done, now running web at 2:Standard-1X
$ heroku ps:scale web=1:basic
Scaling dynos... done, now running web at 1:Basic
$ heroku ps:type basic
...
$ heroku ps:restart
Restarting all dynos on sunny-demo... done
$ heroku ps:restart --dyno-name web.1
Restarting dyno web.1 on sunny-demo... done
$ heroku ps:restart --process-type web
Restarting all web dynos on sunny-demo... done
$ heroku ps:stop --dyno-name web.1
Stopping dyno web.1 on sunny-demo... done
$ heroku logs --num 200 --source app --dyno release
...app[release...]: migrated green
$ heroku run -x -- 'python -c "print(42); exit(3)"'
Running python -c "print(42); exit(3)" on sunny-demo... starting, run...
Running python -c "print(42); exit(3)" on sunny-demo... connecting, run...
Running python -c "print(42); exit(3)" on sunny-demo... up, run...
42
 ›   Error: Process exited with code 3
$ echo given | heroku run --no-tty -- 'cat; test -t 0 || echo no terminal'
...
given
no terminal
$ heroku run -x greet
Running greet on sunny-demo... starting, run...
Running greet on sunny-demo... connecting, run...
Running greet on sunny-demo... up, run...
hello from greet
$ heroku run:detached 'echo $COLOUR'
Running echo $COLOUR on sunny-demo... done, run...
Run heroku logs --app sunny-demo --dyno run... to view the output.
$ heroku releases:output
migrated green
$ heroku releases
=== sunny-demo Releases - Current: v6
...
  v6   Deploy ...
  v5   Unset SIZE config vars ...
  v4   Set COLOUR, SIZE config vars ...
  v3   Attach DATABASE (@ref:postgresql-...) ...
  v2   Enable Logplex ...
  v1   Initial release ...
$ heroku releases:info v3
=== Release v3
...
DATABASE_URL: postgres://...
$ heroku releases:retry
Retrying v6 on sunny-demo... done, v7
Running release command...
migrated green
$ heroku rollback v6
Rolling back sunny-demo to v6... done, v8
...
$ heroku maintenance:on
Enabling maintenance mode for sunny-demo... done
$ heroku maintenance
on
$ heroku maintenance:off
Disabling maintenance mode for sunny-demo... done
$ heroku pg:info
=== DATABASE_URL

Plan:                  essential-0
Status:                Available
Connections:           ...
$ heroku pg:psql -c "CREATE TABLE kept (a int)"
--> Connecting to postgresql-...
CREATE TABLE
$ heroku pg:backups:capture
Starting backup of postgresql-...... done
...
Backing up DATABASE to b001... done
$ heroku pg:psql -c "DROP TABLE kept"
--> Connecting to postgresql-...
DROP TABLE
$ heroku pg:backups:restore --confirm sunny-demo
Starting restore of b001 to postgresql-...... done
...
Restoring... done
$ heroku pg:psql -c "SELECT count(*) FROM kept"
--> Connecting to postgresql-...
 count...
     0
(1 row)
$ heroku pg:backups:download
Getting backup from sunny-demo... fetching url of #1
Getting backup from sunny-demo... done, #1
$ heroku pg:backups:schedule DATABASE_URL --at '02:00 Australia/Perth'
Scheduling automatic daily backups of postgresql-... at 02:00 Australia/Perth... done
$ heroku pg:backups:schedules
=== Backup Schedules

DATABASE_URL: daily at 02:00 Australia/Perth
$ heroku pg:backups:unschedule
Unscheduling DATABASE_URL daily backups... done
$ heroku pg:reset --confirm sunny-demo
Resetting postgresql-...... done
$ heroku pg:credentials
...
  default           active
  └─ as DATABASE
$ heroku pg:credentials:url
...postgres://...
$ heroku pg:credentials:rotate --confirm sunny-demo
Rotating default on postgresql-...... done
$ heroku pg:psql -c "SELECT 1"
--> Connecting to postgresql-...
...
(1 row)
$ heroku domains:add www.example.com
Adding www.example.com to sunny-demo... done
Configure your app's DNS provider to point to the DNS Target ....herokudns.com.
...
$ heroku domains:wait www.example.com
Waiting for www.example.com... done
$ heroku domains:remove www.example.com
Removing www.example.com from sunny-demo... done
$ heroku certs:auto:enable
Enabling Automatic Certificate Management... starting....
$ heroku stack
=== sunny-demo Available Stacks

  heroku-22
* heroku-24
  heroku-26
$ heroku stack:set heroku-26
...
$ heroku stack
=== sunny-demo Available Stacks

  heroku-22
* heroku-24
  heroku-26 (active on next deploy)
$ heroku buildpacks:set heroku/python
Buildpack set. Next release on sunny-demo will use heroku/python.
...
$ heroku apps:info
=== sunny-demo

Addons:         heroku-postgresql:essential-0
...
$ heroku create sunny-demo-staging --no-remote
Creating sunny-demo-staging... done
...
$ heroku pipelines:create sunny --app sunny-demo --stage staging
Creating sunny pipeline... done
Adding sunny-demo to sunny pipeline as staging... done
$ heroku pipelines:add sunny --app sunny-demo-staging --stage production
Adding sunny-demo-staging to sunny pipeline as production... done
$ heroku pipelines:promote --app sunny-demo-staging
Fetching app info...
Fetching apps from sunny...
...Error: Cannot promote sunny-demo-staging from 'production' stage
$ heroku pipelines:promote --app sunny-demo
Fetching app info...
Fetching apps from sunny...
Starting promotion to production...
Waiting for promotion to complete...
...
Promotion successful
sunny-demo-staging: succeeded
$ heroku releases --app sunny-demo-staging --num 1
=== sunny-demo-staging Releases - Current: v3
...Promote sunny-demo v...
$ heroku pipelines:add nowhere --app sunny-demo --stage staging
Error: Pipeline not found
$ heroku pipelines:destroy sunny
Destroying sunny pipeline... done
$ heroku addons:destroy DATABASE_URL --confirm sunny-demo
Destroying postgresql-... on sunny-demo... done...
$ heroku addons:create heroku-postgresql:essential-1 --wait
Creating heroku-postgresql:essential-1 on sunny-demo... ~$0.013/hour (max $9/month)
Database should be available soon
Waiting for postgresql-...
Created postgresql-... as DATABASE_URL
...
$ heroku apps:destroy --confirm wrong
...Confirmation wrong did not match sunny-demo. Aborted.
$ heroku apps:destroy --confirm sunny-demo
Destroying sunny-demo (including all add-ons)... done
$ heroku run --app sunny-demo-staging ls server.py
...
server.py
$ heroku apps:destroy --app sunny-demo-staging --confirm sunny-demo-staging
Destroying sunny-demo-staging (including all add-ons)... done
$ heroku addons --all
No add-ons.
$ heroku apps
You have no apps.
$ heroku logs
 ›   Error: ...
"""
STEPS = re.findall(r"(?ms)^\$ ([^\n]*)\n(.*?)(?=^\$ |\Z)", TRANSCRIPT)


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with running_platform(
        tmp_path_factory.mktemp("platform"), provisioning=300
    ) as platform:
        yield platform
        assert platform.unknown == []


@pytest.fixture(scope="module")
def reader(platform, tmp_path_factory):
    reader = Reader(platform, tmp_path_factory.mktemp("reader"))
    procfile = (
        "web: python server.py\ngreet: echo hello from greet\n"
        "release: echo migrated $COLOUR\n"
    )
    reader.commit(Procfile=procfile)
    return reader


def squeeze(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


@pytest.mark.parametrize("command, expected", STEPS, ids=[step[0] for step in STEPS])
def test_the_cli_prints(reader, command, expected):
    output = squeeze(reader.shell(command).stdout)
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS
    assert checker.check_output(squeeze(expected) + "\n", output + "\n", flags), output


def test_the_browser_was_shown_the_app(reader):
    assert [page.status for page in reader.machine.opened] == [200]
    assert "DYNO=web." in reader.machine.opened[0].body


def test_log_in_and_a_typed_answer(platform, reader):
    """The two that need a terminal."""
    environment = dict(reader.environment)
    del environment["HEROKU_API_KEY"]

    def spawn(command):
        return pexpect.spawn(
            "bash",
            ["-c", command],
            env=environment,
            cwd=reader.project,
            encoding="utf-8",
            timeout=PATIENCE,
        )

    child = spawn("heroku login")
    child.expect("Press any key to open up the browser")
    child.send("\r")
    child.expect("Logging in... done")
    child.expect("Logged in as ada@example.com")
    child.expect(pexpect.EOF)
    assert reader.machine.opened[-1].url.startswith(
        "https://cli-auth.heroku.com/auth/browser/"
    )
    assert "machine git.heroku.com" in (reader.project / "../home/.netrc").read_text()

    child = spawn("heroku create typed-demo")
    child.expect("Creating .*typed-demo")
    child.expect(pexpect.EOF)
    # A password is read from the controlling terminal, without an echo.
    ask = "read -p 'Name: ' name; read -s -p 'Password: ' word </dev/tty"
    child = spawn(f'heroku run --app typed-demo "{ask}; echo got \\$name \\$word"')
    child.expect("Name: ")
    child.sendline("Grace")
    child.expect("Password: ")
    child.sendline("secret")
    child.expect("got Grace secret")
    child = spawn("heroku logout")
    child.expect("Logging out... done")
    child.expect(pexpect.EOF)


def test_the_cli_enters_every_route(platform):
    """What no command asks for need not be there; the commands above are all of it."""
    assert sorted(platform.routes.keys() - platform.entered) == []
