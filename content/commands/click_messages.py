"""The sentences of click itself, named here so that the catalogues carry them.

click asks gettext for each of these at run time; `content.language.use_language` points gettext at our
catalogues. The list follows click 8.1.
"""

from content.language import N_

MESSAGES = (
    N_("Usage:"),
    N_("Usage: {usage}"),
    N_("Options"),
    N_("Commands"),
    N_("Arguments"),
    N_("Error: {message}"),
    N_("Try '{command} {option}' for help."),
    N_("Missing argument"),
    N_("Missing option"),
    N_("Missing parameter"),
    N_("Missing command."),
    N_("No such command {name!r}."),
    N_("No such option: {name}"),
    N_("Did you mean {possibility}?"),
    N_("(Possible options: {possibilities})"),
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("{value!r} is not in the range {range}."),
    N_("{value!r} does not match the format {format}."),
    N_("{value!r} is not one of {choices}."),
    N_("Option {name!r} requires an argument."),
    N_("Option {name!r} requires {nargs} arguments."),
    N_("Option {name!r} does not take a value."),
    N_("Got unexpected extra argument ({args})"),
    N_("Got unexpected extra arguments ({args})"),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is not readable."),
    N_("File"),
    N_("Directory"),
    N_("Path"),
    N_("default: {default}"),
    N_("required"),
    N_("Aborted!"),
    N_("Confirm"),
    N_("Password"),
    N_("Repeat for confirmation"),
    N_("Error: The two entered values do not match."),
    N_("Error: invalid input"),
)
