"""Every command of a group, by its path."""

from __future__ import annotations

from collections.abc import Iterator

import click


def commands(
    group: click.Group, path: tuple[str, ...] = ("loa",)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """(path, command) of each command and group below `group`, as the help lists them."""
    context = click.Context(group, info_name=path[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
