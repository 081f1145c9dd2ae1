"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pielight.errors import DeviceError, MissingExtraError, ModelError, OptionError, PielightError
from pielight.options import BRIGHTEN, HIGHLIGHTS, MAX_STRENGTH, MAX_TARGET, PRESETS, TASKS

if TYPE_CHECKING:
    from pielight.enhancer import Enhancer
    from pielight.options import Balance, Denoise, EnhanceOptions

F = TypeVar("F", bound=Callable[..., Any])
PATH = click.Path(path_type=Path)
_TASTE = ("target_ev", "black", "warmth", "tint")


@contextmanager
def usage_errors(
    error_type: type[PielightError] = PielightError,
    but: tuple[type[PielightError], ...] = (DeviceError, MissingExtraError, ModelError),
) -> Iterator[None]:
    """Turn errors of the command line as a whole into status 2.

    What is missing here, a model, a device or an extra, is not an error of usage: status 1.
    """
    try:
        yield
    except but:
        raise
    except error_type as error:
        raise click.UsageError(str(error)) from error


def format_name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return Pillow's name of a format."""
    if value is None:
        return None
    from pielight.io.formats import WRITABLE, format_named

    if not (file_format := format_named(value)):
        raise click.BadParameter(f"{value!r} is not one of {', '.join(WRITABLE)}.")
    return file_format


# An unreadable photo counts as a failure; the others are still processed.
photos = click.argument("photos", metavar="PHOTO...", nargs=-1, required=True,
                        type=click.Path(path_type=Path, allow_dash=True, readable=False))  # fmt: skip
strength = click.option("--strength", type=click.FloatRange(-MAX_STRENGTH, MAX_STRENGTH),
                        help="0 leaves a photo as it is, 1 is the model's choice; below 0 darkens, or adds haze or "
                        "rain. [default: 1]")  # fmt: skip
highlights = click.option("--highlights", type=click.FloatRange(0, 1),
                          help="How far bright areas are protected, in brightening. "
                          f"[default: {HIGHLIGHTS} with curves, 0 with exposures]")  # fmt: skip


def _denoise(_: click.Context, __: click.Parameter, value: str | None) -> float | str | None:
    """Read ``auto`` or a number."""
    from pielight.options import parse_denoise

    try:
        return None if value is None else parse_denoise(value)
    except PielightError as error:
        raise click.BadParameter(f"{error}.") from None


denoise = click.option("--denoise", metavar="auto|0..1", callback=_denoise,
                       help="Share of the noise made visible by brightening or dehazing that is removed; auto leaves "
                       "photos without noise alone. [default: auto]")  # fmt: skip


def _balance(_: click.Context, parameter: click.Parameter, value: str | None) -> float | str | None:
    """Read ``auto``, ``keep`` or a number."""
    from pielight.options import parse_balance

    try:
        return None if value is None else parse_balance(str(parameter.name), value)
    except PielightError as error:
        raise click.BadParameter(f"{error}.") from None


def _numbers() -> str:
    """Describe the presets."""
    texts = (f"{name} ({', '.join(_value(*item) for item in filled.items())})" for name, filled in PRESETS.items())
    return "; ".join(texts)


def _value(name: str, value: Any) -> str:
    return "no auto" if value is False else f"{name.removesuffix('_ev')} {value:g}"


preset = click.option("--preset", type=click.Choice(list(PRESETS)),
                      help=f"Values for other options, which win where they are given: {_numbers()}.")  # fmt: skip
target_ev = click.option("--target", "target_ev", type=click.FloatRange(-MAX_TARGET, MAX_TARGET), metavar="EV",
                         help="Brighter (above 0) or darker than the model's choice, in EV. [default: 0]")  # fmt: skip
black = click.option("--black", type=click.FloatRange(0, 1),
                     help="How far what comes out dark stays as dark as it was. [default: 0]")  # fmt: skip
warmth = click.option("--warmth", metavar="auto|keep|-1..1", callback=_balance,
                      help="White balance from bluer (-1) to more yellow (1); auto takes a cast of the light out where "
                      "it is sure of one. [default: keep]")  # fmt: skip
tint = click.option("--tint", metavar="auto|keep|-1..1", callback=_balance,
                    help="The same from greener (-1) to more magenta (1). [default: keep]")  # fmt: skip
denoise_model = click.option("--denoise-model", metavar="PATH.onnx",
                             help="ONNX file of another network for --denoise.")  # fmt: skip
auto = click.option("--auto/--no-auto", default=None,
                    help="Leave well-exposed photos alone, in proportion, or clear ones in dehazing. "
                    "[default: auto]")  # fmt: skip
device = click.option("--device", default="cpu", show_default=True, metavar="cpu|cuda",
                      help="cuda is for a graphics card (extra gpu); not for rain.")  # fmt: skip
existing = click.option("--existing", type=click.Choice(["skip", "overwrite", "rename"]), default="skip",
                        show_default=True,
                        help="What to do where a result exists; skip replaces it only if it was made with other "
                        "options, rename numbers the new one.")  # fmt: skip
sheet_existing = click.option("--existing", type=click.Choice(["skip", "overwrite", "rename"]), default="overwrite",
                              show_default=True,
                              help="What to do where the sheet exists: keep it, replace it, or number the new one. "
                              "A photo that is shown is never replaced.")  # fmt: skip
task = click.option("--task", type=click.Choice(list(TASKS)), default=BRIGHTEN, show_default=True,
                    help="Correct darkness, haze or rain.")  # fmt: skip
model = click.option(
    "--model",
    metavar="NAME|PATH.onnx",
    help="A shipped model, such as free, or an ONNX file. [default: that of the task]",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Report only what went wrong.")
out = click.option("--out", type=PATH, help="Folder of the run, in place of out.")


def with_help(option: Callable[[F], F], text: str) -> Callable[[F], F]:
    """Make a shared option with a help text of its own, for a command that does less with it."""

    def decorate(command: F) -> F:
        decorated = option(command)
        decorated.__click_params__[-1].help = text  # type: ignore[attr-defined]
        return decorated

    return decorate


def changes(example: str) -> Callable[[F], F]:
    """Make the option ``--set`` of settings of training."""
    return click.option("--set", "changes", metavar="KEY=VALUE", multiple=True,
                        help=f"Change a setting, as in {example}.")  # fmt: skip


@dataclass(frozen=True)
class ModelOptions:
    """The options that choose a model, and how it enhances; None where a default applies."""

    task: str = BRIGHTEN
    model: str | None = None
    denoise_model: str | None = None
    highlights: float | None = None
    denoise: Denoise | None = None
    auto: bool | None = None
    strength: float | None = None
    device: str = "cpu"
    preset: str | None = None
    target_ev: float | None = None
    black: float | None = None
    warmth: Balance | None = None
    tint: Balance | None = None

    def check(self) -> None:
        """Check that the options that were given apply to the task, and --denoise-model to --denoise."""
        if self.denoise_model is not None and self.denoise == 0:
            raise click.UsageError("--denoise-model is for --denoise auto, or a number above 0.")
        from pielight.inference.descriptor import kind_for

        given = {
            "highlights": self.highlights is not None,
            "auto": self.auto is not None,
            "denoise": bool(self.denoise) or self.denoise_model is not None,
            "device": self.device != "cpu",
            **{name: getattr(self, name) is not None for name in _TASTE},
        }
        filled = {name for name in PRESETS.get(self.preset or "", {}) if name in given and not given[name]}
        kind = kind_for(self.task, self.model)
        try:
            kind.check_options(**given)
        except PielightError as error:
            no = "no-" if str(error).startswith("auto:") and self.auto is False else ""
            raise click.UsageError(f"--{no}{error}.".replace("target_ev", "target")) from None
        try:
            kind.check_options(**dict.fromkeys(filled, True))
        except PielightError as error:
            raise click.UsageError(f"--preset {self.preset}: {error}.".replace("target_ev", "target")) from None

    def enhance_options(self) -> EnhanceOptions:
        """Return how pictures are enhanced.

        Raises:
            OptionError: A number is none.
        """
        from pielight.options import EnhanceOptions

        given = {name: getattr(self, name) for name in ("strength", "highlights", "denoise", "auto", "preset", *_TASTE)}
        try:
            chosen = EnhanceOptions.of(**given)
        except OptionError as error:  # nan, which click takes for a number of any range
            raise OptionError(f"--{error}".replace("target_ev", "target")) from None
        return chosen if chosen.auto is not None else replace(chosen, auto=True)

    def enhancer(self, threads: int | None) -> Enhancer:
        """Find the model and the device; PielightError if there is none."""
        from pielight.enhancer import Enhancer

        return Enhancer(
            self.model, threads, self.enhance_options().is_gated, self.device, self.denoise_model, self.task
        )


def taste(command: F) -> F:
    """Add --preset, --target, --black, --warmth and --tint."""
    for option in (tint, warmth, black, target_ev, preset):  # the last one is listed first
        command = option(command)
    return command


def model_options(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the options of the model to a command as one argument ``model`` of :class:`ModelOptions`."""

    @wraps(command)
    def call(**values: Any) -> None:
        names = [field.name for field in fields(ModelOptions) if field.name in values]
        command(model=ModelOptions(**{name: values.pop(name) for name in names}), **values)

    return call


def jobs(help_text: str) -> Callable[[F], F]:
    """Make the option ``-j``."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 1024), metavar="N", help=help_text)
