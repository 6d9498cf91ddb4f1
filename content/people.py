"""Who works at the station: people, their roles, and who sits at the keyboard now."""

from __future__ import annotations

import getpass
import os
import sys
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from content.config import Config
from content.errors import LoaError
from content.events import PERSON, record
from content.language import N_, Marked, _
from content.tables import Base

SHORTEST_PASSWORD: Final = 8
ROLES: Final = ("editor", "approver", "operator", "administrator")


class User(Base):
    """A person of the station."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    roles: Mapped[list[Any]] = mapped_column(JSON)
    os_user: Mapped[str | None] = mapped_column(Text)
    """The account of the operating system under which this person needs no password."""
    password_hash: Mapped[str | None] = mapped_column(Text)
    """argon2id; null when the person can only come in through the account."""
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class UnknownPersonError(LoaError):
    """A name that nobody of the station bears."""

    sentence = N_(
        "nobody here is called {name!r}: see `loa user list`, or ask an administrator for `loa user add`"
    )


class PersonExistsError(LoaError):
    """A name or account that is taken."""

    sentence = N_("{name!r} is already registered: choose another name, or see `loa user list`")


class UnknownAccountError(LoaError):
    """The OS account belongs to nobody of the station."""

    sentence = N_(
        "the account {account!r} belongs to nobody of this station: say who you are with `--as NAME`, or ask an administrator for `loa user add NAME --os-user {account}`"
    )


class WrongPasswordError(LoaError):
    """The password is not the person's."""

    sentence = N_(
        "the password of {name!r} is wrong, or there is none: try again, or ask an administrator for `loa user password`"
    )


class NoPeopleYetError(LoaError):
    """`--as` at a station that has registered nobody."""

    sentence = N_(
        "nobody is registered yet, so `--as {name}` proves nothing: register people first with `loa user add NAME --role ROLE`"
    )


class RoleMissingError(LoaError):
    """Someone does what is not theirs to do."""

    sentence = N_(
        "{person!r} is not registered as {role}: let someone who is do it, or ask an administrator for `loa user edit`"
    )


class NameMissingError(LoaError):
    """A name or role that cannot be used."""

    sentence = N_("a person needs a name of one line, at most 100 letters; {name!r} is none")


class PasswordTooShortError(LoaError):
    """A password that is guessed at once."""

    sentence = N_("a password needs at least {least} characters")


class NobodyToAskError(LoaError):
    """A password is to be typed, but nobody can type here."""

    sentence = N_(
        "there is no keyboard to ask for the new password: give it in the environment variable LOA_NEW_PASSWORD"
    )


class LockedOutError(LoaError):
    """The first person would be one who cannot come in from here, and nobody could ever add a second."""

    sentence = N_(
        "the account here is {account!r}, not {other!r}: nobody could act for {name!r}, the first person of the station. "
        "Leave out --os-user to take this account, or add --password"
    )


class RoleUnknownError(LoaError):
    """A role that Loa does not know."""

    sentence = N_("the role {role!r} is not known: choose from {known}")


class RoleNotNamedError(RoleUnknownError):
    """Nothing is said of what a person may do."""

    sentence = N_("say what they may do with --role, one of {known}")


class LastAdministratorError(LoaError):
    """The station would be left with nobody who can register people."""

    sentence = N_("{name!r} is the last administrator: make someone else administrator first")


def os_account() -> str:
    """The account of the operating system, "station" where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return os.environ.get("USERNAME") or "station"


def has_people(session: Session) -> bool:
    """Whether anyone is registered; without, the station works in simple mode."""
    return bool(session.scalar(select(func.count()).select_from(User).where(User.retired_at.is_(None))))


def current_person(
    session: Session,
    config: Config,  # noqa: ARG001 - part of the agreed signature; identity may come to depend on it
    as_name: str | None = None,
    *,
    ask_password: Callable[[str], str] | None = None,
    account: str | None = None,
) -> str:
    """The name of who sits at the keyboard: `as_name` with a password, else whoever the OS account belongs to.

    At a station where nobody is registered it is the account itself. `ask_password` is given the name; else the
    password comes from LOA_PASSWORD or the terminal. Call this first in a transaction: nothing is locked while
    somebody types.

    Raises:
        NoPeopleYetError, UnknownPersonError, UnknownAccountError, WrongPasswordError.
    """
    account = account or os_account()
    if not has_people(session):
        if as_name and as_name != account:
            raise NoPeopleYetError(name=as_name)
        return _acting(session, account)
    if as_name is None:
        user = session.scalar(select(User).where(User.os_user == account, User.retired_at.is_(None)))
        if user is None:
            raise UnknownAccountError(account=account)
        return _acting(session, user.name)
    user = person_named(session, as_name)
    if user.os_user == account:
        return _acting(session, user.name)
    name, password_hash = user.name, user.password_hash
    session.rollback()
    check_password(name, password_hash, (ask_password or password_at_hand)(name))
    return _acting(session, name)


def _acting(session: Session, name: str) -> str:
    """Note who acts, so that whatever this transaction changes carries the name."""
    session.info[PERSON] = name
    return name


def person_named(session: Session, name: str) -> User:
    """The registered person of that name. Raises: UnknownPersonError."""
    user = session.scalar(select(User).where(User.name == _tidy(name), User.retired_at.is_(None)))
    if user is None:
        raise UnknownPersonError(name=name)
    return user


def check_password(name: str, password_hash: str | None, password: str) -> None:
    """Nothing, when it is right. Raises: WrongPasswordError."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        PasswordHasher().verify(password_hash or "", unicodedata.normalize("NFC", password))
    except (VerificationError, InvalidHashError) as error:
        raise WrongPasswordError(name=name) from error


def roles_of(session: Session, person: str) -> tuple[str, ...]:
    """The roles of a person: every role in simple mode, none for a stranger."""
    if not has_people(session):
        return ROLES
    user = session.scalar(select(User).where(User.name == person, User.retired_at.is_(None)))
    return tuple(user.roles) if user else ()


def require_role(session: Session, person: str, *roles: str) -> None:
    """Nothing, when the person has one of the roles. Raises: RoleMissingError."""
    if not set(roles) & set(roles_of(session, person)):
        raise RoleMissingError(person=person, role=[Marked(role) for role in roles])


def add_person(
    session: Session,
    name: str,
    roles: Sequence[str],
    *,
    by: str,
    os_user: str | None = None,
    password: str | None = None,
    now: datetime | None = None,
) -> User:
    """Register a person. The first one becomes administrator whatever else, or nobody could add the second.

    Raises:
        RoleMissingError: `by` is no administrator. PersonExistsError, NameMissingError, RoleUnknownError.
    """
    first = not has_people(session)
    if not first:
        require_role(session, by, "administrator")
    tidy = _tidy(name)
    if not tidy or len(tidy) > 100 or not tidy.isprintable():
        raise NameMissingError(name=name)
    known = _known_roles(roles)
    if first and "administrator" not in known:
        known.append("administrator")
    if session.scalar(select(User).where(User.name == tidy)):
        raise PersonExistsError(name=tidy)
    if os_user and session.scalar(select(User).where(User.os_user == os_user, User.retired_at.is_(None))):
        raise PersonExistsError(name=os_user)
    user = User(
        name=tidy,
        roles=known,
        os_user=os_user or None,
        password_hash=_hash(password) if password else None,
        created_at=now or datetime.now(UTC),
    )
    session.add(user)
    record(
        session,
        action="user.added",
        subject=_flushed(session, user),
        person=by,
        detail={"name": tidy, "roles": known},
    )
    return user


def edit_person(
    session: Session,
    name: str,
    *,
    by: str,
    roles: Sequence[str] | None = None,
    os_user: str | None = None,
    password: str | None = None,
    retire: bool = False,
) -> User:
    """Change what is given. Everyone may set their own password; the rest is for administrators.

    Raises:
        RoleMissingError, UnknownPersonError, LastAdministratorError, PersonExistsError.
    """
    user = person_named(session, name)
    if roles is not None or os_user is not None or retire or user.name != by:
        require_role(session, by, "administrator")
    changed: dict[str, Any] = {}
    if roles is not None:
        user.roles = changed["roles"] = _known_roles(roles)
    if os_user is not None:
        owner = session.scalar(select(User).where(User.os_user == os_user, User.retired_at.is_(None)))
        if os_user and owner and owner.id != user.id:
            raise PersonExistsError(name=os_user)
        user.os_user = changed["os_user"] = os_user or None
    if password is not None:
        user.password_hash = _hash(password)
        changed["password"] = "changed"  # noqa: S105 - the word, not a password
    if retire:
        user.retired_at = datetime.now(UTC)
        changed["retired"] = True
    session.flush()
    left = session.scalars(select(User).where(User.retired_at.is_(None)))
    if not any("administrator" in other.roles for other in left):
        raise LastAdministratorError(name=user.name)
    record(session, action="user.changed", subject=user, person=by, detail=changed)
    return user


def list_people(session: Session) -> list[dict[str, Any]]:
    """Everyone, for listings; never the hash."""
    return [
        {
            "name": user.name,
            "roles": list(user.roles),
            "os_user": user.os_user,
            "password": user.password_hash is not None,
            "created_at": user.created_at,
            "retired_at": user.retired_at,
        }
        for user in session.scalars(select(User).order_by(User.name))
    ]


def _known_roles(roles: Sequence[str]) -> list[str]:
    for role in roles:
        if role not in ROLES:
            raise RoleUnknownError(role=role, known=ROLES)
    if not roles:
        raise RoleNotNamedError(known=ROLES)
    return [role for role in ROLES if role in roles]


def _tidy(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).split(" ")).strip()


def _hash(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(unicodedata.normalize("NFC", password))


def password_at_hand(name: str) -> str:
    """The password of LOA_PASSWORD, else what is typed on the terminal; empty where neither is."""
    given = os.environ.get("LOA_PASSWORD")
    if given is not None:
        return given
    if not sys.stdin.isatty():
        return ""
    return getpass.getpass(_("Password of {name}: ").format(name=name))


def _flushed(session: Session, user: User) -> User:
    session.flush()
    return user
