"""The door to running: checked recipes, the shipped library, the child that emulates.

Nothing here imports the engine; it runs in a process of its own (ADR 0001).
"""

from emulator import __version__ as EMULATOR_VERSION
from sessions_app.runner.child import Child, ChildLimits
from sessions_app.runner.debugger import (
    DebuggerPort,
    LoggedLine,
    NoDebugger,
    close_frame,
    data_frame,
    logged_line,
    open_frame,
)
from sessions_app.runner.execute import (
    PARKED,
    Batch,
    Control,
    Job,
    Listener,
    RunEnd,
    execute,
)
from sessions_app.runner.jobs import program_job
from sessions_app.runner.kernels import (
    DEFAULT_VARIANT,
    SwitchMeaning,
    SwitchRow,
    Variant,
    check_switches,
    switch_meanings,
    switch_rows,
    switch_values,
    variant,
    variants,
)
from sessions_app.runner.known import Known
from sessions_app.runner.library import (
    Scenario,
    ScenarioImage,
    ScenarioVersion,
    scenario,
    scenarios,
)
from sessions_app.runner.matrix import (
    MatrixRow,
    build_id,
    column_key,
    matrix_bundle,
    matrix_recipe,
    matrix_row,
    matrix_rows,
    word_in_words,
)
from sessions_app.runner.recipes import (
    CheckedRecipe,
    check_recipe,
    recipe_job,
    recipe_on,
)
from sessions_app.runner.waker import Waker

__all__ = [
    "DEFAULT_VARIANT",
    "EMULATOR_VERSION",
    "PARKED",
    "Batch",
    "CheckedRecipe",
    "Child",
    "ChildLimits",
    "Control",
    "DebuggerPort",
    "Job",
    "Known",
    "Listener",
    "LoggedLine",
    "MatrixRow",
    "NoDebugger",
    "RunEnd",
    "Scenario",
    "ScenarioImage",
    "ScenarioVersion",
    "SwitchMeaning",
    "SwitchRow",
    "Variant",
    "Waker",
    "build_id",
    "check_recipe",
    "check_switches",
    "close_frame",
    "column_key",
    "data_frame",
    "execute",
    "logged_line",
    "matrix_bundle",
    "matrix_recipe",
    "matrix_row",
    "matrix_rows",
    "open_frame",
    "program_job",
    "recipe_job",
    "recipe_on",
    "scenario",
    "scenarios",
    "switch_meanings",
    "switch_rows",
    "switch_values",
    "variant",
    "variants",
    "word_in_words",
]
