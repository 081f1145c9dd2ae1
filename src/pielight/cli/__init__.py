"""The command ``pielight``: its commands, each of which is imported only when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from pielight.core.signals import FAILED, INTERRUPTED, raise_interrupts
from pielight.core.standard_streams import reason
from pielight.errors import PielightError

DEFAULT = "enhance"
_LEAVES_AT_ONCE = ("enhance", "video", "compare", "explain", "info")  # on Ctrl-C: they write files atomically
COMMANDS = {  # name: (module and attribute, text for --help)
    "enhance": (
        "pielight.cli.enhance:enhance",
        "Brighten, dehaze or derain photos ('pielight PHOTO...').",
    ),
    "stream": ("pielight.cli.stream:stream", "Brighten raw frames between two programs such as ffmpeg."),
    "video": ("pielight.cli.video:video", "Brighten clips, and keep sound, times and everything else of them."),
    "cluster": ("pielight.cli.cluster:cluster", "Brighten a million photos: shards, on one machine or on many."),
    "compare": ("pielight.cli.compare:compare", "Show photos before and after: one page or one picture."),
    "explain": ("pielight.cli.explain:explain", "Show by how many stops each part of a photo is lifted, and why."),
    "bench": ("pielight.cli.bench:bench", "Measure speed and memory on this machine."),
    "evaluate": ("pielight.cli.evaluate:evaluate", "Measure how good methods are on data sets."),
    "niqe": ("pielight.cli.niqe:niqe", "Fit NIQE's parameters to good photographs, for 'pielight evaluate'."),
    "survey": ("pielight.cli.survey:survey", "Let people compare results in a browser, blindly."),
    "serve": ("pielight.cli.serve:serve", "Serve the page and an HTTP API, for people and programs."),
    "info": ("pielight.cli.info:info", "Show the version, the model and where it comes from."),
    "train": ("pielight.cli.train:train", "Train a model."),
    "joint": ("pielight.cli.joint:joint", "Train the enhancer together with a model for a task."),
    "finetune": ("pielight.cli.finetune:finetune", "Fine-tune a model on your own dark photos, to brighten them."),
    "export": ("pielight.cli.export:export", "Write a model for phones and other runtimes."),
    "data": ("pielight.cli.train:data", "Look at the pictures to train on."),
}


class LazyGroup(click.Group):
    """Takes its first word for a photo or clip unless it is a command, and imports only what it calls."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in _LEAVES_AT_ONCE:
            raise_interrupts()
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands for ``--help`` without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``enhance`` before arguments that name no command."""
        if args and args[0] not in (*COMMANDS, "--help", "-h", "--version"):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; a standard output that cannot be written ends it in one line, with status 1."""
        try:
            return super().main(*args, **extra)
        except OSError as error:  # click itself handles a closed pipe
            if isinstance(error, FileNotFoundError) and error.filename is None:  # what os.getcwd raises
                text = "the working folder has been deleted; change to another one"
            else:
                text = f"{error.filename or 'standard output'}: {reason(error)}"
            click.echo(f"Error: {text}", err=True)
            sys.exit(FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; our errors end it with their one line and status 1, Ctrl-C with 130."""
        try:
            return super().invoke(ctx)
        except PielightError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from None


def _print_version(ctx: click.Context, _: click.Parameter, is_given: bool) -> None:
    if is_given:
        from pielight import __version__

        click.echo(f"pielight {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Brighten photos that came out too dark, or take haze or rain out of them.

    \b
    pielight night.jpg                    writes night_pie.jpg beside it
    pielight holiday/ -o brighter/        every picture of a folder
    pielight --strength 0.6 night.jpg     a little less
    pielight --task dehaze foggy.jpg      less haze; --task derain: less rain
    pielight clip.mp4                     clips, too: 'pielight video' has more options

    'pielight PHOTO...' is short for 'pielight enhance PHOTO...'; 'pielight enhance --help' lists its options.
    """
