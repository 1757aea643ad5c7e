"""What the stand-in's build takes, refuses and prints, without a platform around it."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rehearsal.heroku import buildpack
from tests.support.buildpack_rules import RULES, write

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
# A Python that Heroku has, other than the one that runs this.
OTHER = "3.12" if RUNNING != "3.12" else "3.13"


@pytest.fixture
def order(tmp_path):
    """Return what the platform tells a build, whose packages come from a folder."""
    for name in ["cache", "wheels", "home"]:
        (tmp_path / name).mkdir()
    return {
        "config": {},
        "stack": "heroku-24",
        "cache": str(tmp_path / "cache"),
        "pip": {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(tmp_path / "wheels"),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_OFFLINE": "1",
            "UV_FIND_LINKS": str(tmp_path / "wheels"),
        },
    }


@pytest.fixture
def wheel(tmp_path):
    """Return a function that puts a package of one module where pip and uv find it."""

    def make(name, version="1.0"):
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": "",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\n"
            f"Version: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in files)
        path = tmp_path / "wheels" / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name_inside, content in files.items():
                archive.writestr(name_inside, content)

    return make


@pytest.fixture
def source(tmp_path):
    """Return the folder of a project that builds."""
    folder = tmp_path / "source"
    write(folder, {"requirements.txt": "", ".python-version": RUNNING})
    return folder


def run_in(built, folder, program):
    """Output of a Python program in a dyno whose files are in a folder."""
    return subprocess.run(
        [Path(built["environment"], "bin", "python"), "-c", program],
        env={"HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
    )


# The checks before anything is installed


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_the_build_takes_and_refuses_what_heroku_does(tmp_path, capsys, rule):
    write(tmp_path, rule.files)
    refusal = None
    try:
        buildpack.inspect(tmp_path)
    except buildpack.Refused as refused:
        refusal = str(refused).splitlines()[0]
        own = isinstance(refused, buildpack.CannotPlay)
        assert own == refusal.startswith("The stand-in")
    assert refusal == rule.refusal, rule.source
    lines = [line[7:] for line in capsys.readouterr().out.splitlines()]
    warnings = [line for line in lines if line.startswith("Warning: ")]
    if rule.refusal is None:
        assert warnings == ([rule.warning] if rule.warning else []), rule.source


@pytest.mark.parametrize(
    "buildpacks", [["heroku/nodejs"], ["heroku/python", "heroku/python"]]
)
def test_other_buildpacks_are_not_played(source, order, buildpacks):
    with pytest.raises(buildpack.CannotPlay, match="Python buildpack only"):
        buildpack.build(source, {**order, "buildpacks": buildpacks})


def test_the_buildpack_that_is_set_is_the_one_that_builds(source, order, capsys):
    write(source, {"package.json": "{}"})
    buildpack.build(source, {**order, "buildpacks": ["heroku/python"]})
    assert "-----> Using buildpack: heroku/python\n" in capsys.readouterr().out


def test_a_buildpack_that_is_set_wants_files_of_its_language(tmp_path):
    with pytest.raises(buildpack.Refused, match="App not compatible with buildpack"):
        buildpack.inspect(tmp_path, {"buildpacks": ["heroku/python"]})


def test_the_first_build_on_heroku_22_fails(source, order):
    order["stack"] = "heroku-22"
    with pytest.raises(buildpack.Refused, match="Heroku-22 stack is deprecated"):
        buildpack.build(source, order)
    buildpack.build(source, order)


def test_slugignore_deletes_before_the_build(source, order, capsys):
    write(
        source,
        {
            ".slugignore": "*.psd\n/docs\n!keep.psd\n",
            "a.psd": "",
            "keep.psd": "",
            "docs/deep/page.rst": "",
            "sub/docs/page.rst": "",
            "bin/pre_compile": "ls -A",
        },
    )
    buildpack.build(source, order)
    output = capsys.readouterr().out
    assert "-----> Deleting 3 files matching .slugignore patterns.\n" in output
    assert not (source / "docs").exists()
    assert (source / "sub" / "docs" / "page.rst").exists()
    assert "psd" not in output.partition("Running bin/pre_compile hook")[2]


def test_a_project_without_version_keeps_the_one_of_its_last_build(
    source, order, capsys
):
    buildpack.build(source, order)
    (source / ".python-version").unlink()
    capsys.readouterr()
    buildpack.build(source, order)
    assert f"Using the same major version as the last build: Python {RUNNING}\n" in (
        capsys.readouterr().out
    )


# The app's own programs

HOOK = """\
#!/bin/sh
echo $KEY, $DYNO and ${PORT:-no port in $(basename "$BUILD_DIR")}
"$(dirname "$(command -v python)")/python" -c 'import sys; print(sys.prefix)'
echo %s >> hooks.txt
"""


def test_hooks_see_the_config_vars_and_write_into_the_slug(source, order, capsys):
    order["config"] = {"KEY": "secret", "PATH": "/nowhere", "PYTHONHOME": "/nowhere"}
    order["environment"] = {"DYNO": "build.1"}
    write(
        source,
        {"bin/pre_compile": HOOK % "before", "bin/post_compile": HOOK % "after"},
    )
    environment = buildpack.build(source, order)["environment"]
    output = capsys.readouterr().out
    assert output.count("       secret, build.1 and no port in source\n") == 2
    before, after = output.split("-----> Running bin/post_compile hook\n")
    assert "-----> Running bin/pre_compile hook\n" in before
    assert f"       {environment}\n" in after and f" {environment}\n" not in before
    assert (source / "hooks.txt").read_text() == "before\nafter\n"


@pytest.mark.parametrize("name", ["pre_compile", "post_compile"])
def test_a_hook_that_fails_stops_the_build(source, order, name):
    write(source, {f"bin/{name}": "echo No compiler; exit 3"})
    with pytest.raises(buildpack.Refused) as refused:
        buildpack.build(source, order)
    assert str(refused.value).startswith(
        f"Error: Failed to run the bin/{name} script.\n"
    )
    assert "exit status 3" in str(refused.value)
    assert "No compiler" in str(refused.value)


MANAGE = """\
import os, sys
if "collectstatic" in sys.argv:
    assert "PORT" not in os.environ
    print(os.environ["SECRET_KEY"], "of", os.environ["PYTHONPATH"], os.environ["DYNO"])
"""


@pytest.fixture
def django_project(source, order, wheel):
    """Write a manage.py into a subfolder, and a package `django` to install."""
    wheel("django")
    write(source, {"requirements.txt": "django", "sub/manage.py": MANAGE})
    order["environment"] = {"DYNO": "build.1"}
    return source


def test_collectstatic_sees_config_vars_and_dyno(django_project, order, capsys):
    order["config"] = {"SECRET_KEY": "key"}
    buildpack.build(django_project, order)
    output = capsys.readouterr().out
    assert "-----> $ python sub/manage.py collectstatic --noinput" in output
    assert "key of . build.1" in output


def test_collectstatic_that_fails_stops_the_build(django_project, order):
    with pytest.raises(buildpack.Refused) as refused:
        buildpack.build(django_project, order)
    assert str(refused.value).startswith(
        "Error: Unable to generate Django static files.\n"
    )
    assert "KeyError: 'SECRET_KEY'" in str(refused.value)


def test_collectstatic_can_be_switched_off(django_project, order, capsys):
    order["config"] = {"DISABLE_COLLECTSTATIC": "1"}
    buildpack.build(django_project, order)
    assert "DISABLE_COLLECTSTATIC is set" in capsys.readouterr().out


# Installing


def test_pip_that_fails_stops_the_build_with_its_last_words(source, order):
    write(source, {"requirements.txt": "no-such-package"})
    with pytest.raises(buildpack.Refused) as refused:
        buildpack.build(source, order)
    first, *rest = str(refused.value).splitlines()
    assert first == "Error: Unable to install dependencies using pip."
    assert rest[-1] == "ERROR: No matching distribution found for no-such-package"


def test_packages_are_kept_until_requirements_change(source, order, wheel, capsys):
    wheel("alpha")
    write(source, {"requirements.txt": "alpha"})
    first = buildpack.build(source, order)["environment"]
    assert "Restoring cache" not in capsys.readouterr().out
    assert buildpack.build(source, order)["environment"] == first
    output = capsys.readouterr().out
    assert "-----> Restoring cache\n-----> Using cached install of Python" in output
    assert "Requirement already satisfied: alpha" in output
    write(source, {"requirements.txt": "# changed"})
    assert buildpack.build(source, order)["environment"] != first
    assert "       - The contents of requirements.txt changed\n" in (
        capsys.readouterr().out
    )
    # The slug of the first release still has its package.
    assert run_in({"environment": first}, source, "import alpha").returncode == 0


def test_another_stack_discards_the_cache(source, order, capsys):
    buildpack.build(source, order)
    buildpack.build(source, {**order, "stack": "heroku-26"})
    assert "       - The stack has changed from heroku-24 to heroku-26\n" in (
        capsys.readouterr().out
    )


# A build backend as pip asks for it, whose editable wheel points at the project:
# https://peps.python.org/pep-0660/
BACKEND = """\
import os, zipfile

def get_requires_for_build_editable(settings=None):
    return []

def build_editable(folder, settings=None, metadata=None):
    name = "beta-1.0-py3-none-any.whl"
    info = "beta-1.0.dist-info/"
    files = {
        %s,
        info + "METADATA": "Metadata-Version: 2.1\\nName: beta\\nVersion: 1.0\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
    }
    files[info + "RECORD"] = "".join(f"{path},,\\n" for path in files)
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return name
"""
# The two ways of setuptools: a path, and a finder that maps names to places.
EDITABLE = {
    "path": '"beta.pth": os.path.abspath("src") + "\\n"',
    "finder": '"__editable___beta_finder.py": "import sys\\n'
    "MAPPING = {'beta': '\" + os.path.abspath('src') + \"'}\\n"
    "def install(): sys.path.append(MAPPING['beta'])\\n\",\n"
    '        "__editable__.beta.pth": "import __editable___beta_finder as beta; '
    'beta.install()\\n"',
}


@pytest.mark.parametrize("way", EDITABLE)
def test_what_is_installed_in_editable_mode_is_found_at_boot(source, order, way):
    write(
        source,
        {
            "requirements.txt": "-e ./packages/beta",
            "packages/beta/pyproject.toml": "[build-system]\nrequires = []\n"
            'build-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "beta"\nversion = "1.0"\n',
            "packages/beta/backend.py": BACKEND % EDITABLE[way],
            "packages/beta/src/beta.py": "",
        },
    )
    built = buildpack.build(source, order)
    dyno = source.rename(source.with_name("dyno"))
    result = run_in(built, dyno, "import beta; print(beta.__file__)")
    assert result.stdout == f"{dyno}/packages/beta/src/beta.py\n", result.stderr


@pytest.fixture
def uv_project(source, order, wheel):
    """Make it a project of uv that wants a package, and one only for development."""
    wheel("gamma")
    wheel("delta")
    (source / "requirements.txt").unlink()
    write(
        source,
        {
            "pyproject.toml": '[project]\nname = "demo"\nversion = "0"\n'
            f'requires-python = ">={RUNNING}"\ndependencies = ["gamma"]\n'
            '[dependency-groups]\ndev = ["delta"]\n',
        },
    )
    lock(source, order)
    return source


def lock(source, order):
    environment = {**order["pip"], "UV_PYTHON": sys.executable}
    subprocess.run(
        [buildpack.find_uv(), "lock"], cwd=source, env=environment, check=True
    )


def test_uv_installs_what_is_locked(uv_project, order, capsys):
    built = buildpack.build(uv_project, order)
    lines = capsys.readouterr().out.splitlines()
    start = lines.index("-----> Python app detected")
    assert (
        lines[start + 1]
        == f"-----> Using Python {RUNNING} specified in .python-version"
    )
    assert lines[start + 2].startswith(f"-----> Installing Python {RUNNING}.")
    assert lines[start + 3].startswith("-----> Installing uv 0.")
    assert lines[start + 4] == (
        "-----> Installing dependencies using 'uv sync --locked --no-default-groups'"
    )
    assert "        + gamma==1.0" in lines
    assert run_in(built, uv_project, "import gamma").returncode == 0
    assert run_in(built, uv_project, "import delta").returncode == 1


def test_uv_finds_its_cache_in_the_next_build(uv_project, order, capsys):
    first = buildpack.build(uv_project, order)
    capsys.readouterr()
    assert buildpack.build(uv_project, order)["environment"] == first["environment"]
    output = capsys.readouterr().out
    assert "-----> Restoring cache\n-----> Using cached install of Python" in output
    assert "-----> Using cached uv 0." in output
    assert "+ gamma" not in output


def test_uv_refuses_a_lock_that_is_out_of_date(uv_project, order):
    text = (uv_project / "pyproject.toml").read_text()
    write(uv_project, {"pyproject.toml": text.replace('["gamma"]', '["delta"]')})
    with pytest.raises(buildpack.Refused) as refused:
        buildpack.build(uv_project, order)
    assert str(refused.value).startswith(
        "Error: Unable to install dependencies using uv.\n"
    )
    assert "needs to be updated" in str(refused.value)


def test_a_change_of_package_manager_discards_the_cache(uv_project, order, capsys):
    buildpack.build(uv_project, order)
    (uv_project / "uv.lock").unlink()
    write(uv_project, {"requirements.txt": "gamma"})
    buildpack.build(uv_project, order)
    output = capsys.readouterr().out
    assert "       - The package manager has changed from uv to pip\n" in output


@pytest.fixture
def no_other_python(tmp_path, monkeypatch):
    """Hide every Python of this machine but the one that runs this."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    for name in ["HOME", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"]:
        monkeypatch.setenv(name, str(tmp_path / "nothing"))


@pytest.mark.usefixtures("no_other_python")
def test_a_missing_python_is_said_once(source, order, capsys):
    write(source, {".python-version": OTHER})
    for times in [1, 0]:
        buildpack.build(source, order)
        note = f" !     Python {OTHER} is not on this machine"
        assert capsys.readouterr().out.count(note) == times


@pytest.mark.usefixtures("no_other_python")
def test_uv_takes_the_python_that_this_machine_has(uv_project, order):
    write(uv_project, {".python-version": OTHER})
    text = (uv_project / "pyproject.toml").read_text()
    write(uv_project, {"pyproject.toml": text.replace(f">={RUNNING}", ">=3.10")})
    lock(uv_project, order)
    built = buildpack.build(uv_project, order)
    assert run_in(built, uv_project, "import gamma").returncode == 0


# The slug


@pytest.mark.parametrize(
    "procfile, types",
    [
        ("web: gunicorn a.wsgi\n", {"web": "gunicorn a.wsgi"}),
        ("web: a\n\n# note\nrelease:  b c \n", {"web": "a", "release": "b c"}),
        ("web a", {}),
    ],
)
def test_process_types_come_from_the_procfile(tmp_path, capsys, procfile, types):
    write(tmp_path, {"Procfile": procfile})
    assert buildpack.process_types(tmp_path) == types


def test_an_app_without_procfile_has_no_process_types(tmp_path, capsys):
    assert buildpack.process_types(tmp_path) == {}
    assert "(none)" in capsys.readouterr().out


def test_a_slug_has_a_limit(source, order):
    with pytest.raises(buildpack.Refused, match="is too large"):
        buildpack.build(source, {**order, "slug_limit": 0})
