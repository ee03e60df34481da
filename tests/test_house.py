"""The rules of the house that a program can see. Each names the file that breaks it, and where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from notifications import channels

ROOT: Path = settings.ROOT
ROOMS = ("config", "maintenance", "notifications")
APPS = ROOMS[1:]
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "services"}
LONG = 250
MOST_PARAMETERS, MOST_LINES = 6, 50
LARGE: dict[str, str] = {}
"""Functions that may have more of either, each with the sentence that says why."""
OF_FIXED_NAME = {"Channel", "Command", "EmailBackend"}
"""One to a file, found by the file's path: this house's own habit, and Django's."""
VAGUE_FUNCTIONS = {
    *("of", "at", "words", "find", "found", "read", "page", "standing", "make", "made", "rows", "names"),
    *("check", "look", "run", "take", "keep", "record", "write", "state", "known", "again", "each", "same"),
    *(
        "fill",
        "filled",
        "values",
        "count",
        "counts",
        "size",
        "sample",
        "note",
        "when",
        "view",
        "plan",
        "claim",
    ),
}
"""They say neither what goes in nor what comes out."""
DJANGOS_OWN = {
    *("admin", "apps", "checks", "locale", "management", "migrations", "models", "tasks", "templatetags"),
    *("urls", "views"),
}
MODULES_TO_A_FOLDER = 15
ROOMS_TO_AN_APP = {"maintenance": 19, "notifications": 12}
# only these ask what time it is; everything else is told
EDGES = {
    *("tasks", "webhooks", "views", "backend", "middleware", "form", "routes", "admin"),
    *("management", "demonstration", "sql", "database_time"),
    *("providers", "links"),  # the wire counts the seconds a message has left; a link knows its year
}
_NAMED = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
CLOCKS = {"datetime.now", "datetime.today", "date.today", "timezone.now", "timezone.localdate", "time.time"}


def _files(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _place(path: Path, node: ast.AST | None = None) -> str:
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


def _imports(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node, "." * node.level + (node.module or "")


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _calls(path: Path) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            # datetime.datetime.now and datetime.now are one
            yield node, ".".join(_dotted(node.func).split(".")[-2:])


def test_no_function_imports_from_this_house() -> None:
    """Such an import hides an edge from the linter. An AppConfig is the exception: models come after it."""
    found = [
        _place(path, node)
        for path in _files(*ROOMS)
        if path.name != "apps.py"
        for function in ast.walk(_tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node, name in _imports(function)
        if name.startswith(".") or name.split(".")[0] in ROOMS
    ]
    assert found == []


def test_files_are_named_for_what_they_make() -> None:
    """A collecting name collects."""
    assert [_place(path) for path in _files(*ROOMS, "tests") if path.stem in VAGUE] == []


def _public(kind: type[ast.ClassDef | ast.FunctionDef], app: str) -> Iterator[tuple[str, Path]]:
    for path in _files(app):
        for node in _tree(path).body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                yield node.name, path


@pytest.mark.parametrize("app", APPS)
def test_no_class_name_stands_twice_in_an_app(app: str) -> None:
    """Whoever reads it anywhere knows which one is meant."""
    places: dict[str, list[str]] = {}
    for name, path in _public(ast.ClassDef, app):
        places.setdefault(name, []).append(_place(path))
    twice = {name: found for name, found in places.items() if len(found) > 1 and name not in OF_FIXED_NAME}
    assert twice == {}


def test_functions_say_what_comes_back() -> None:
    """`of` and `page` mean nothing where there are twenty of each."""
    vague = [
        f"{_place(path)} {name}"
        for app in ROOMS
        for name, path in _public(ast.FunctionDef, app)
        if name in VAGUE_FUNCTIONS
    ]
    assert vague == []


def test_no_import_of_this_house_needs_another_name() -> None:
    """What is well named can be read under its name."""
    renamed = [
        f"{_place(path, node)} {alias.name} as {alias.asname}"
        for path in _files(*ROOMS)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ROOMS
        for alias in node.names
        if alias.asname
    ]
    assert renamed == []


def test_each_folder_can_be_seen_at_a_glance() -> None:
    """Django's own files, whose names are not ours, stand beside the rooms of an app and are not counted."""
    folders = {path.parent for path in _files(*ROOMS)}
    modules = {
        str(folder.relative_to(ROOT)): len(
            [one for one in folder.glob("*.py") if one.stem not in DJANGOS_OWN and one.stem != "__init__"]
        )
        for folder in folders
    }
    rooms = {
        app: sorted(
            one.name
            for one in (ROOT / app).iterdir()
            if one.stem not in DJANGOS_OWN and not one.name.startswith("__")
        )
        for app in APPS
    }
    assert {folder: count for folder, count in modules.items() if count > MODULES_TO_A_FOLDER} == {}
    assert {app: found for app, found in rooms.items() if len(found) > ROOMS_TO_AN_APP[app]} == {}


def test_modules_say_what_they_are_for() -> None:
    """The first lines are the map of the house."""
    silent = [
        _place(path)
        for path in _files(*ROOMS)
        if path.name != "__init__.py" and not ast.get_docstring(_tree(path))
    ]
    assert silent == []


def test_only_edges_ask_the_time() -> None:
    """A stage is given `now`, so that every test and every repetition means the same moment."""
    asked = [
        f"{_place(path, call)} {name}"
        for path in _files(*APPS)
        if not EDGES & {path.stem, *path.relative_to(ROOT).parts}
        for call, name in _calls(path)
        if name in CLOCKS
    ]
    assert asked == []


def test_no_time_is_naive() -> None:
    """ruff's DTZ sees most of it; this sees what is easy to write anew."""
    naive = [
        f"{_place(path, call)} {name}"
        for path in _files(*ROOMS, "tests")
        for call, name in _calls(path)
        if name.endswith((".utcnow", ".utcfromtimestamp"))
        or (name == "datetime.now" and not call.args and not call.keywords)
    ]
    assert naive == []


def test_settings_alone_read_the_environment() -> None:
    """A setting that is read elsewhere is one that no page lists."""
    readers = [
        _place(path, node)
        for path in _files(*ROOMS)
        for node in ast.walk(_tree(path))
        # Django must be told where the settings are before they can be read
        if _dotted(node) in {"os.getenv", "os.environ"}
        and path.name not in {"asgi.py", "wsgi.py", "celery.py"}
    ]
    importers = [
        _place(path, node)
        for path in _files(*ROOMS)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "config"
        if any(alias.name == "environment" for alias in node.names)
    ]
    assert readers == []
    assert [place.split(":")[0] for place in importers] == ["config/settings.py"]


def test_a_customers_link_is_made_for_her_messages_alone() -> None:
    """Whoever holds it is taken for her; an invented customer's may be tried."""
    makers = [
        _place(path, node).split(":")[0]
        for path in _files(*ROOMS)
        for node in ast.walk(_tree(path))
        if _dotted(node) in {"links.preferences_url", "links.my_calendar_url"}
    ]
    assert sorted(makers) == ["notifications/delivery/composition.py", "notifications/demonstration/trial.py"]


def test_nobody_asks_which_channel_it_is() -> None:
    """What is special about a channel is said by its class, so that a new one is one file.

    Providers and webhooks speak for a wire, whose words and addresses are fixed outside.
    """
    known = set(channels.channel_names())
    asked = [
        f"{_place(path, node)} {node.value}"
        for path in _files(*ROOMS)
        if not {"channels", "models", "providers", "webhooks"} & set(path.parts)
        if path != ROOT / "config" / "settings.py"
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Constant) and node.value in known
    ]
    in_templates = [
        f"{_place(path)} {found}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for found in re.findall(r"{%[^%]*[\"']([a-z]+)[\"'][^%]*%}", path.read_text())
        if found in known
    ]
    assert asked + in_templates == []


def test_one_module_moves_deliveries() -> None:
    """Every other way past the table of moves: `state` in an update, or after SET in a statement."""
    moves = ROOT / "notifications" / "delivery" / "transitions.py"
    movers = [
        _place(path, node)
        for path in _files("notifications")
        if path != moves
        for node in ast.walk(_tree(path))
        if _sets_state(node)
    ]
    assert movers == []
    assert any(_sets_state(node) for node in ast.walk(_tree(moves)))


def _sets_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in {"update", "aupdate", "update_or_create"}:
            return any(keyword.arg == "state" for keyword in node.keywords)
        if node.func.attr in {"save", "bulk_update"}:
            return any(isinstance(one, ast.Constant) and one.value == "state" for one in ast.walk(node))
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"\bSET\b[^;]*\bstate\s*=", node.value) is not None
    )


def test_no_state_is_read_from_a_sentence() -> None:
    """What is filtered, counted or compared is a column; a reason is there to be read by people."""
    earlier = ROOT / "notifications" / "delivery" / "backfill.py"  # reads what was only said in words
    readers = [
        _place(path, node)
        for path in _files("notifications")
        if path != earlier
        for node in ast.walk(_tree(path))
        if (isinstance(node, ast.keyword) and (node.arg or "").startswith("reason__"))
        or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "startswith"
            and _dotted(node.func.value).endswith(".reason")
        )
        or (
            isinstance(node, ast.Compare)
            and _dotted(node.left).endswith(".reason")
            and any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
            and any(_is_words(right) for right in node.comparators)
        )
    ]
    assert readers == []


def _is_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != ""


def test_migrations_are_named() -> None:
    """`0007_auto_20260302` tells its reader nothing."""
    names = [path for app in APPS for path in (ROOT / app / "migrations").glob("*.py")]
    assert [_place(path) for path in names if "_auto_" in path.name] == []


@pytest.mark.process
def test_imports_point_down() -> None:
    """The contracts stand in pyproject.toml."""
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def _functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Each with its dotted name: the module's, its classes' and functions', its own."""
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

    def inside(node: ast.AST, within: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
        for child in ast.iter_child_nodes(node):
            name = f"{within}.{child.name}" if isinstance(child, _NAMED) else within
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, child
            yield from inside(child, name)

    return inside(_tree(path), module)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Without self and cls."""
    given = function.args
    by_place = [*given.posonlyargs, *given.args]
    own = bool(by_place) and by_place[0].arg in {"self", "cls"}
    return len(by_place) - own + len(given.kwonlyargs) + bool(given.vararg) + bool(given.kwarg)


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """From its first decorator to its last line."""
    first = min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


def test_what_travels_together_is_one_thing_and_functions_are_short() -> None:
    """A frozen dataclass carries what a seventh parameter would; a second paragraph is a second function."""
    large = {
        name: f"{_place(path, function)} {_parameters(function)} parameters, {_lines(function)} lines"
        for path in [*_files(*ROOMS), ROOT / "manage.py"]
        for name, function in _functions(path)
        if _parameters(function) > MOST_PARAMETERS or _lines(function) > MOST_LINES
    }
    assert {name: where for name, where in large.items() if name not in LARGE} == {}
    assert LARGE.keys() - large.keys() == set()


def test_whoever_branches_more_than_ruff_allows_says_why() -> None:
    """As `# noqa: C901  # one case for each kind of row`."""
    silent = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in [*_files(*ROOMS), ROOT / "manage.py"]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"noqa:.*\bC901\b(?!.*#\s*\w+ \w+)", line)
    ]
    assert silent == []


def test_long_files_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """No rule, a reminder: a file this long usually hides two purposes."""
    long = [(len(path.read_text().splitlines()), path) for path in _files(*ROOMS)]
    with capsys.disabled():
        for lines, path in sorted(long, reverse=True):
            if lines > LONG:
                print(f"\n  {path.relative_to(ROOT)} has {lines} lines")  # noqa: T201
