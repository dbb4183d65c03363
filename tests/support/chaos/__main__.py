"""`make chaos`: hurts a fleet for a while, prints what was done, and ends with 1 if anything is wrong."""

import argparse
import asyncio
import json
import random

import click

from support.chaos.run import chaos


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1_800, help="of mischief (1800)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    click.echo(f"seed {options.seed}", err=True)
    report = asyncio.run(chaos(options.seconds, random.Random(options.seed)))
    for sentence in report.wrong:
        click.echo(sentence, err=True)
    click.echo(json.dumps({"seed": options.seed} | report.figures, ensure_ascii=False))
    if report.wrong:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
