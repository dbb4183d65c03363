"""The command line. Each command calls one service and prints the answer; `--json` for machines."""

from typing import Final

import rich_click as click

from hongyan import __version__
from hongyan.cli.account import account, package
from hongyan.cli.app import app
from hongyan.cli.audit import audit
from hongyan.cli.backup import backup, restore
from hongyan.cli.bounds import app_caps, app_frequency, app_hours
from hongyan.cli.call import send, verify
from hongyan.cli.callback import callback
from hongyan.cli.component import component
from hongyan.cli.debug import debug
from hongyan.cli.dev import dev
from hongyan.cli.doctor import doctor
from hongyan.cli.init import init
from hongyan.cli.key import key
from hongyan.cli.migrate import migrate
from hongyan.cli.move import move
from hongyan.cli.qualification import qualification
from hongyan.cli.route import route
from hongyan.cli.scan import scan
from hongyan.cli.secret_key import secret_key
from hongyan.cli.serve import serve, web, worker
from hongyan.cli.show import as_json, show
from hongyan.cli.signature import signature
from hongyan.cli.template import template
from hongyan.cli.tencent import app_tencent
from hongyan.cli.wechat import (
    app_cloudbase_token,
    app_forbid,
    app_permissions,
    app_permit,
    app_rotate_wechat_secret,
    app_wechat,
    environment,
)

EXIT_CODES: Final = """
Exit codes: 0 done · 1 refused, the message says why · 2 wrong usage · 3 a finding of `doctor` or
`scan` · 75 the disk failed during a commit, or the database is away: start again
"""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Hongyan 鸿雁 proves phone numbers and delivers SMS for WeChat mini programs.

    Begin with `hongyan dev`: it needs nothing and prints what to do next.
    """


@cli.command()
@as_json
def version() -> None:
    """Print the version."""
    show({"version": __version__}, __version__)


for command in (
    dev,
    serve,
    web,
    worker,
    init,
    migrate,
    move,
    backup,
    restore,
    account,
    package,
    app,
    key,
    secret_key,
    environment,
    component,
    qualification,
    signature,
    template,
    route,
    callback,
    send,
    verify,
    debug,
    doctor,
    scan,
    audit,
):
    cli.add_command(command)

# What an app is in the protocols of others.
for command in (
    app_frequency,
    app_hours,
    app_caps,
    app_tencent,
    app_wechat,
    app_rotate_wechat_secret,
    app_cloudbase_token,
    app_permit,
    app_permissions,
    app_forbid,
):
    app.add_command(command)


def main() -> None:
    """The entry point `hongyan`."""
    cli(prog_name="hongyan")
