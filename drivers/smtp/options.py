"""The driver's own keys of a `[[line]]` table, and what can be said of them before anything is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from drivers.base import Finding, MisconfiguredError, spoken

Security = Literal["none", "starttls", "tls"]

_ADDRESS: Final = re.compile(r"[^\s@<>(),;:\\\"\x00-\x1f\x7f]+@[^\s@<>(),;:\\\"\x00-\x1f\x7f]+")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"none": 25, "starttls": 587, "tls": 465}
_IMAP_PORTS: Final = {"none": 143, "starttls": 143, "tls": 993}
_GOOGLE: Final = "https://oauth2.googleapis.com/token"
_MICROSOFT: Final = "https://login.microsoftonline.com/{}/oauth2/v2.0/token"
_MICROSOFT_SCOPE: Final = "https://outlook.office365.com/.default"
_KEY_LEAST: Final = 16
_LOCAL_URLS: Final = ("http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://[::1]:")


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value.replace("{attempt}", "x")):
        raise ValueError(spoken("not an e-mail address: name@domain"))
    return value


def _one_line(value: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError(spoken("control characters are not allowed here"))
    return value


Address = Annotated[str, AfterValidator(_address)]
Words = Annotated[str, AfterValidator(_one_line)]
Port = Annotated[int, Field(ge=1, le=65535)]


class SmtpOptions(BaseModel):
    """One mail account: where it submits, who it writes as, and where its bounces and replies come in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    area: Literal["all", "tickets", "invoices", "customers"] = "all"
    """Which jobs it serves; `all` serves those that name no area."""
    from_name: Words = ""
    from_address: Address
    reply_to: Address | None = None
    host: Words
    port: Port | None = None
    """Default: 587 for `starttls`, 465 for `tls`, 25 for `none`."""
    security: Security = "starttls"
    """`starttls` never falls back to plain text."""
    user: Words | None = None
    password: SecretStr | None = None
    auth: Literal["password", "oauth2"] = "password"
    """How to log in, at the server and at the mailbox; `oauth2` is XOAUTH2 with the keys below."""
    oauth_client_id: Words | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_refresh_token: SecretStr | None = None
    """Of a person's mailbox (Google); without one the application logs in by its own secret (Microsoft 365)."""
    oauth_tenant: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,100}$")] | None = None
    """Microsoft 365: the organisation's id or domain."""
    oauth_url: Words | None = None
    """Where tokens are given; default: Microsoft's where there is a tenant, else Google's."""
    oauth_scope: Words | None = None
    ca_file: Path | None = None
    """Certificates to trust instead of the system's; for a server with a self-made one."""
    hello: Words | None = None
    """Name to greet with (EHLO); default: the host's."""
    bounce_address: Address | None = None
    """Envelope sender, where bounces go. `{attempt}` in it becomes the attempt's id: `rebotes+{attempt}@norte.example`,
    so that a bounce tells what it is about even where it quotes nothing. Default: `from_address`."""
    delivery_reports: bool = False
    """Ask for a report of success too, where the server offers DSN (RFC 3461)."""
    unsubscribe: Words | None = None
    """`https://…` or `mailto:…` for List-Unsubscribe (RFC 2369), the same in all mails."""
    unsubscribe_url: Words | None = None
    """Public address of this line's `/hooks/LINE`: each mail bears a link of its own, for one click (RFC 8058)."""
    unsubscribe_key: SecretStr | None = None
    """Seals those links; it must stay the same for as long as people may click on them."""
    max_size: Annotated[int, Field(ge=10_000, le=100 << 20)] = 20 << 20
    """Bytes of a whole message as it goes out; attachments grow by a third. The server's own limit holds as well."""
    imap_host: Words | None = None
    """Mailbox to read bounces and replies from; none: they are not read."""
    imap_port: Port | None = None
    imap_security: Security = "tls"
    imap_user: Words | None = None
    """Default: `user`; likewise the password."""
    imap_password: SecretStr | None = None
    imap_folder: Words = "INBOX"
    imap_poll: Annotated[float, Field(ge=0.1, le=86_400)] = 60.0
    """Seconds between two looks."""

    @property
    def smtp_port(self) -> int:
        return self.port or _PORTS[self.security]

    @property
    def mailbox_port(self) -> int:
        return self.imap_port or _IMAP_PORTS[self.imap_security]

    @property
    def mailbox_login(self) -> tuple[str, SecretStr] | None:
        user, password = self.imap_user or self.user, self.imap_password or self.password
        return (user, password) if user is not None and password is not None else None

    @property
    def token_url(self) -> str:
        if self.oauth_url is not None:
            return self.oauth_url
        return _MICROSOFT.format(self.oauth_tenant) if self.oauth_tenant is not None else _GOOGLE

    @property
    def token_scope(self) -> str | None:
        return self.oauth_scope or (_MICROSOFT_SCOPE if self.oauth_tenant is not None else None)


def require_usable(options: SmtpOptions) -> None:
    """Raises `MisconfiguredError` for keys that contradict each other."""
    for finding in contradictions(options):
        raise MisconfiguredError(finding.key, str(finding), finding)


def contradictions(options: SmtpOptions) -> list[Finding]:
    """Finds keys with which the line cannot work."""
    findings = _login_contradictions(options)
    if not _has_domain(options.from_address):
        findings.append(Finding("from_address", spoken("its domain is not valid"), spoken("write it as name@domain")))
    if options.unsubscribe is not None and not options.unsubscribe.startswith(("https://", "mailto:")):
        findings.append(
            Finding("unsubscribe", spoken("is neither a link nor an address"), spoken("begin with https:// or mailto:"))
        )
    if options.unsubscribe_url is not None:
        if not _is_link(options.unsubscribe_url):
            findings.append(
                Finding(
                    "unsubscribe_url",
                    spoken("is not a public address"),
                    spoken("write https://…/hooks/LINE, as mail programs reach it, without ? and #"),
                )
            )
        if options.unsubscribe_key is None:
            findings.append(
                Finding(
                    "unsubscribe_key",
                    spoken("the links would prove nothing"),
                    spoken("name a file of at least 16 random characters: unsubscribe_key_file"),
                )
            )
    if options.unsubscribe_key is not None and len(options.unsubscribe_key.get_secret_value()) < _KEY_LEAST:
        findings.append(
            Finding("unsubscribe_key", spoken("is too short to be a secret"), spoken("at least 16 random characters"))
        )
    return findings


def _login_contradictions(options: SmtpOptions) -> list[Finding]:
    if options.auth == "oauth2":
        return _oauth_contradictions(options)
    findings = []
    if (options.user is None) != (options.password is None):
        given, other = ("user", "password") if options.password is None else ("password", "user")
        values = {"given": given, "other": other}
        findings.append(Finding(other, spoken("{given} is given without {other}"), spoken("give both or none"), values))
    if options.imap_host is not None and options.mailbox_login is None:
        findings.append(
            Finding("imap_user", spoken("the mailbox has no login"), spoken("give imap_user and imap_password"))
        )
    return findings


def _oauth_contradictions(options: SmtpOptions) -> list[Finding]:
    findings = []
    if options.user is None:
        findings.append(
            Finding("user", spoken("the mailbox to log in to is not named"), spoken("write its address as user"))
        )
    if options.oauth_client_id is None:
        findings.append(
            Finding(
                "oauth_client_id",
                spoken("oauth2 needs an application"),
                spoken("give oauth_client_id, as the provider's console shows it"),
            )
        )
    if options.oauth_refresh_token is None and options.oauth_client_secret is None:
        findings.append(
            Finding(
                "oauth_refresh_token",
                spoken("nothing authenticates the application"),
                spoken("give oauth_refresh_token_file (Google) or oauth_client_secret_file (Microsoft 365)"),
            )
        )
    if options.oauth_refresh_token is None and options.oauth_tenant is None and options.oauth_url is None:
        findings.append(
            Finding(
                "oauth_tenant",
                spoken("without a refresh token the organisation must be named"),
                spoken("give oauth_tenant (Microsoft 365), or oauth_url"),
            )
        )
    if not options.token_url.startswith(("https://", *_LOCAL_URLS)):
        findings.append(
            Finding("oauth_url", spoken("the secret would cross the network in clear"), spoken("begin with https://"))
        )
    return findings


def _has_domain(address: str) -> bool:
    try:
        return bool(address.rpartition("@")[2].encode("idna"))
    except UnicodeError:
        return False


def _is_link(url: str) -> bool:
    plain = url.isascii() and not set(url) & set(' <>"?#,')
    return plain and url.startswith(("https://", *_LOCAL_URLS)) and len(url) <= 300


def check(options: SmtpOptions) -> list[Finding]:
    """Finds all that can be found without a connection."""
    findings = contradictions(options)
    if options.ca_file is not None and not options.ca_file.is_file():
        given = {"path": str(options.ca_file)}
        findings.append(
            Finding("ca_file", spoken("{path} does not exist"), spoken("name a file of certificates (PEM)"), given)
        )
    secret = options.password is not None or options.auth == "oauth2"
    if options.security == "none" and secret and options.host not in _LOOPBACK:
        findings.append(
            Finding("security", spoken("the password would cross the network in clear"), spoken("use tls or starttls"))
        )
    if options.imap_host is not None and options.imap_security == "none" and options.imap_host not in _LOOPBACK:
        findings.append(
            Finding(
                "imap_security",
                spoken("the mailbox's password would cross the network in clear"),
                spoken("use tls or starttls"),
            )
        )
    return findings
