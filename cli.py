"""The command `loa`."""


def main() -> None:
    """Run the command line."""
