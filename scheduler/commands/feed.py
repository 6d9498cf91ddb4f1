"""`loa feed`: packages over the network."""

from __future__ import annotations

import random
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from content.commands.choices import DAY
from content.commands.shell import LoaGroup, json_option, option, print_json, progress, say, with_station
from content.errors import LoaError
from content.language import N_, _
from scheduler.commands.package import say_left_out, say_unready

if TYPE_CHECKING:
    from content.station import Station
    from scheduler.exchange.feed_client import FeedClient
    from scheduler.exchange.feed_pull import Pulled


@click.group(
    cls=LoaGroup,
    help=N_(
        "Packages over the network: the centre serves them, stations pull them. The same signed packages as on a stick."
    ),
    epilog=N_(
        "Example:\n  loa feed publish\n  loa feed token xa-trung-ha\n  loa feed serve --host 0.0.0.0 --cert cert.pem --key key.pem\n"
        "  loa feed pull --url https://centre.example:8470 --token-file token.txt --every 5"
    ),
)
def feed() -> None:
    pass


@feed.command(
    help=N_("Bring the feed up to the plan: every station's package, urgent bulletins first."),
    epilog=N_("Example:\n  loa feed publish --days 14"),
)
@option(
    "--days",
    type=click.IntRange(1, 92),
    default=14,
    show_default=True,
    help=N_("How many days ahead stations keep."),
)
@option("--from", "from_on", type=DAY, help=N_("First day (default: today)."))
@json_option
@with_station
def publish(station: Station, days: int, from_on: date | None, as_json: bool) -> None:
    from scheduler.exchange import communes
    from scheduler.exchange.feed_serve import publish as publish_all

    now = datetime.now(UTC)
    start = from_on or station.day_of(now)
    with progress(_("Publishing"), None) as advance:
        made = publish_all(station, start, start + timedelta(days=days - 1), now=now, advance=advance)
    if as_json:
        print_json([one.to_json() for one in made])
        return
    changed = sum(not one.unchanged for one in made)
    say(N_("{count} packages in the feed, {changed} of them new"), count=len(made), changed=changed)
    say_left_out(made)
    with station.read() as session:
        say_unready([(row.code, row.name) for row in communes.known(session) if row.player == "loa"], made)


@feed.command(
    help=N_(
        "Put an approved, rendered item on the air at once, here and at every station that pulls the feed."
    ),
    epilog=N_("Example:\n  loa feed urgent 12"),
)
@click.argument("item", type=int)
@option("--zone", "zones", multiple=True, help=N_("Only this zone; may be given again."))
@json_option
@with_station
def urgent(station: Station, item: int, zones: tuple[str, ...], as_json: bool) -> None:
    from scheduler.exchange.feed_serve import send_urgent

    made = send_urgent(station, item, now=datetime.now(UTC), zones=zones)
    if as_json:
        print_json([one.to_json() for one in made])
    else:
        say(N_("the bulletin waits in the feed of {count} stations"), count=len(made))


@feed.command(
    help=N_("Make a station's access token; it is shown once, and an earlier one stops working."),
    epilog=N_("Example:\n  loa feed token xa-trung-ha"),
)
@click.argument("code")
@json_option
@with_station
def token(station: Station, code: str, as_json: bool) -> None:
    from scheduler.exchange import communes

    with station.decide() as session:
        row = communes.in_use(session, code)
        made = communes.new_token(row)
    if as_json:
        print_json({"code": row.code, "token": made})
    else:
        click.echo(made)
        say(
            N_(
                "give it to {name} in a file, by a way that nobody else reads; there: `loa feed pull --url ADDRESS "
                "--token-file FILE`"
            ),
            name=row.name,
        )


@feed.command(
    help=N_("Serve the feed until stopped with Ctrl+C."),
    epilog=N_("Example:\n  loa feed serve --host 0.0.0.0 --cert cert.pem --key key.pem"),
)
@option("--host", default="127.0.0.1", show_default=True, help=N_("Address to listen on."))
@option(
    "--port", type=click.IntRange(1, 65535), default=8470, show_default=True, help=N_("Port to listen on.")
)
@option(
    "--cert", "certificate", type=click.Path(path_type=Path, exists=True), help=N_("TLS certificate, PEM.")
)
@option("--key", type=click.Path(path_type=Path, exists=True), help=N_("TLS key, PEM."))
@option(
    "--insecure",
    is_flag=True,
    help=N_("Without TLS although the address is open (behind a proxy, in a VPN)."),
)
@with_station
def serve(
    station: Station, host: str, port: int, certificate: Path | None, key: Path | None, insecure: bool
) -> None:
    from scheduler.exchange.feed_serve import serve as run

    run(
        station, host=host, port=port, certificate=certificate, key=key, insecure=insecure,
        started=lambda url: say(N_("the feed is served at {url}; stop it with Ctrl+C"), url=url),
    )  # fmt: skip


@feed.command(
    help=N_("Fetch new packages from the centre and send the log back; with --every, for ever."),
    epilog=N_("Example:\n  loa feed pull --url https://centre.example:8470 --token-file token.txt --every 5"),
)
@option("--url", required=True, help=N_("Address of the feed."))
@option(
    "--token-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=N_("File that holds the token."),
)
@option("--token", envvar="LOA_FEED_TOKEN", help=N_("The token (better: LOA_FEED_TOKEN or --token-file)."))
@option("--every", type=click.FloatRange(0.1, 1440), help=N_("Minutes between rounds."))
@option(
    "--days",
    type=click.IntRange(1, 92),
    default=7,
    show_default=True,
    help=N_("Warn when fewer days are kept here."),
)
@option(
    "--ca",
    "ca_file",
    type=click.Path(path_type=Path, exists=True),
    help=N_("Certificate of the centre's own authority."),
)
@option("--insecure", is_flag=True, help=N_("Allow an address without encryption (in a VPN)."))
@json_option
@with_station
def pull(
    station: Station, url: str, token_file: Path | None, token: str | None, every: float | None, days: int,
    ca_file: Path | None, insecure: bool, as_json: bool,
) -> None:  # fmt: skip
    from content.atomic import told_of
    from scheduler.exchange.feed_client import FeedClient, pause_s, read_token
    from scheduler.exchange.feed_pull import pull as pull_once

    told = read_token(token_file, url) if token_file else token
    if not told:
        raise click.UsageError(_("give the token with --token-file, or in LOA_FEED_TOKEN"))
    client = FeedClient(url, told, insecure=insecure, ca_file=ca_file)
    failures = 0
    while True:
        try:
            pulled = pull_once(station, client, now=datetime.now(UTC))
            failures = 0
            _tell(pulled, station, days, as_json)
        except (LoaError, OSError) as error:  # a disk that fails for a moment ends no service
            if every is None:
                raise
            failures += 1
            told_why = error if isinstance(error, LoaError) else told_of(error, station.folder)
            click.echo(f"loa: {told_why.told(_)}", err=True)
        if every is None:
            if pulled.refused and not pulled.received:
                raise pulled.refused[0]
            return
        time.sleep(pause_s(failures, random.random()) if failures else every * 60)  # noqa: S311
        client = _again(client, url, told, insecure, ca_file)


def _again(client: FeedClient, url: str, token: str, insecure: bool, ca_file: Path | None) -> FeedClient:
    """A fresh line for the next round: a dead keep-alive connection must not cost a try."""
    client.http.close()
    return type(client)(url, token, insecure=insecure, ca_file=ca_file)


def _tell(pulled: Pulled, station: Station, days: int, as_json: bool) -> None:
    if as_json:
        print_json(pulled.to_json())
        return
    for one in pulled.received:
        say(
            N_(
                "revision {revision} of {sender} is taken in: {added} plays new, {moved} changed, {cancelled} cancelled"
            ),
            **one.to_json(),
        )
    for refusal in pulled.refused:
        click.echo(f"loa: {refusal.told(_)}", err=True)
    if pulled.log_problem is not None:
        click.echo(f"loa: {pulled.log_problem.told(_)}", err=True)
    if pulled.revived:
        say(N_("{count} plays are back that a wrong clock had taken for too late"), count=pulled.revived)
    if not pulled.received and not pulled.refused and not pulled.revived:
        say(N_("nothing new"))
    enough = station.day_of(datetime.now(UTC)) + timedelta(days=days - 1)
    if pulled.local_until is None or pulled.local_until < enough:
        say(
            N_("only until {day} is everything here; {days} days are wanted"),
            day=f"{pulled.local_until:%d/%m/%Y}" if pulled.local_until else "—", days=days,
        )  # fmt: skip
