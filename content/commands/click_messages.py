"""The sentences of click itself, named here so that the catalogues carry them.

click asks gettext for each of these at run time; `content.language.use_language` points gettext at our
catalogues. The list follows click 8.1.
"""

from content.language import N_, ngettext

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
    N_("Invalid value: {message}"),
    N_("Invalid value for {param_hint}: {message}"),
    N_("{value!r} is not a valid {number_type}."),
    N_("Option {name!r} does not take a value."),
    N_("{name} {filename!r} does not exist."),
    N_("{name} {filename!r} is a directory."),
    N_("{name} {filename!r} is a file."),
    N_("{name} {filename!r} is not readable."),
    N_("integer"),
    N_("float"),
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
    N_("Error: The value you entered was invalid."),
    N_("Error: {e.message}"),
    N_("{value} is not in the range {range}."),
    N_("{value!r} is not a valid boolean."),
    N_("{name} {filename!r} is not writable."),
    N_("Could not open file {filename!r}: {message}"),
    N_("unknown error"),
    N_("Argument {name!r} takes {nargs} values."),
    N_("Choose from:\n\t{choices}"),
    N_("%(prog)s, version %(version)s"),
    N_("env var: {var}"),
    N_("{editor}: Editing failed"),
    N_("{editor}: Editing failed: {e}"),
)

COUNTED = (  # click asks for these with a number
    ngettext("Did you mean {possibility}?", "(Possible options: {possibilities})", 1),
    ngettext("{value!r} is not {choice}.", "{value!r} is not one of {choices}.", 1),
    ngettext(
        "{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}.", 1
    ),
    ngettext("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments.", 1),
    ngettext("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})", 1),
    ngettext("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given.", 1),
)
