"""The command line. Each command calls one service and prints the answer; `--json` for machines."""

from importlib import import_module
from typing import Final

import rich_click as click

from hongyan import __version__
from hongyan.cli.show import as_json, show

EXIT_CODES: Final = """
Exit codes: 0 done · 1 refused, the message says why · 2 wrong usage · 3 a finding of `doctor` or
`scan` · 75 the disk failed during a commit, or the database is away: start again
"""

_MODULES: Final = {
    "account": "account",
    "app": "apps",
    "audit": "audit",
    "backup": "backup",
    "callback": "callback",
    "component": "component",
    "debug": "debug",
    "dev": "dev",
    "doctor": "doctor",
    "environment": "wechat",
    "init": "init",
    "key": "key",
    "migrate": "migrate",
    "move": "move",
    "package": "account",
    "qualification": "qualification",
    "restore": "backup",
    "route": "route",
    "scan": "scan",
    "secret-key": "secret_key",
    "send": "call",
    "serve": "serve",
    "signature": "signature",
    "template": "template",
    "verify": "call",
    "web": "serve",
    "worker": "serve",
}
"""Command → where it stands. Each is loaded when it is called: one that changes a setting need not
wait for what a server is made of.
"""


class _Commands(click.RichGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_MODULES])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"hongyan.cli.{_MODULES[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(
    cls=_Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
def cli() -> None:
    """Hongyan 鸿雁 proves phone numbers and delivers SMS for WeChat mini programs.

    Begin with `hongyan dev`: it needs nothing and prints what to do next.
    """


@cli.command()
@as_json
def version() -> None:
    """Print the version."""
    show({"version": __version__}, __version__)


def main() -> None:
    """The entry point `hongyan`."""
    cli(prog_name="hongyan")
