"""The options of requests: pydantic models, which also describe them in OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pielight.errors import OptionError
from pielight.options import MAX_STRENGTH, MAX_TARGET, PRESETS, EnhanceOptions
from pielight.serve.problems import Problem
from pielight.video.containers import MUXERS
from pielight.video.options import VideoOptions

Number = float | None
Unit = Annotated[float, Field(ge=0, le=1)]
Balance = Annotated[float, Field(ge=-1, le=1)] | Literal["auto", "keep"]
P = TypeVar("P", bound="Parameters")


class Parameters(BaseModel):
    """Parameters of a request, of its query or of the fields of its form; unknown ones are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def of(cls: type[P], *given: Mapping[str, str]) -> P:
        """Return the parameters of a request.

        Args:
            *given: Names and values of several sources; one name may be in only one of them.

        Raises:
            Problem: One is unknown, out of range or given twice.
        """
        values: dict[str, Any] = {}
        for source in given:
            for name, value in source.items():
                if name in values:
                    raise Problem.of("option", f"{name}: given twice")
                if value != "":
                    values[name] = value
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            raise Problem.of("option", f"{first['loc'][0]}: {_lower(first['msg'])}") from None


class ExposureParameters(Parameters):
    """Of ``/v1/exposure``."""

    format: Literal["json", "npz", "png"] | None = Field(
        None, description="Format of the map, in place of the header Accept: numbers, arrays of NumPy, or a drawing."
    )


class TaskParameters(Parameters):
    """What is done to a picture or clip: the names and ranges of ``pielight.EnhanceOptions``."""

    task: Literal["brighten", "dehaze", "derain"] = Field("brighten", description="Correct darkness, haze or rain.")
    preset: Literal[*PRESETS] | None = Field(  # type: ignore[valid-type]
        None, description="Values for other options, which win where they are given."
    )
    strength: Number = Field(
        None, ge=-MAX_STRENGTH, le=MAX_STRENGTH, description="0 leaves a picture as it is, 1 is the model's choice."
    )
    highlights: Unit | None = Field(None, description="How far bright areas are protected.")
    denoise: Unit | Literal["auto"] | None = Field(
        None, description="Share of the noise that is removed, 0 to 1, or auto."
    )
    auto: bool | None = Field(None, description="Leave well-exposed pictures alone, or clear ones in dehazing.")
    target_ev: Number = Field(None, ge=-MAX_TARGET, le=MAX_TARGET, description="Brighter than the model's choice, EV.")
    black: Unit | None = Field(None, description="How far what comes out dark stays as dark as it was.")
    warmth: Balance | None = Field(None, description="White balance, -1 (bluer) to 1 (more yellow), auto or keep.")
    tint: Balance | None = Field(None, description="The same from greener (-1) to more magenta (1).")

    def options(self) -> dict[str, Any]:
        """Return the attributes of ``EnhanceOptions``.

        Raises:
            Problem: One is out of range; whether it is for this task, the worker tells.
        """
        own = set(TaskParameters.model_fields) - {"task"}
        given = self.model_dump(include=own, exclude_none=True)
        preset = given.pop("preset", None)
        try:
            return vars(EnhanceOptions.of(preset, **given))
        except OptionError as error:
            raise Problem.of("option", str(error)) from None


class EnhanceParameters(TaskParameters):
    """Of ``/v1/enhance``."""

    format: Literal["jpeg", "png", "webp", "tiff", "bmp", "gif", "avif", "heic"] | None = Field(
        None, description="Format of the result; as the picture came, and TIFF for camera RAW."
    )
    quality: int | None = Field(None, ge=1, le=100, description="Of lossy formats; the picture's own.")
    name: str | None = Field(
        None, max_length=200, description="Name of the file, whose extension tells some kinds of camera RAW from TIFF."
    )


class VideoParameters(TaskParameters):
    """Of ``/v1/video``."""

    name: str | None = Field(
        None, max_length=200, description="Name of the clip, whose extension is that of its container."
    )
    format: Literal[*(suffix[1:] for suffix in MUXERS)] | None = Field(  # type: ignore[valid-type]
        None, description="Container of the result, by its extension; that of the clip."
    )
    codec: Literal["h264", "hevc", "av1", "ffv1", "copy-like-source"] | None = Field(
        None, description="Codec of the result; that of the clip."
    )
    crf: Number = Field(None, ge=0, le=63, description="Quality; lower is better.")
    start: Number = Field(None, ge=0, description="Seconds from which on the clip is taken.")
    end: Number = Field(None, gt=0, description="Seconds up to which it is taken.")

    def video(self) -> dict[str, Any]:
        """Return the attributes of ``VideoOptions`` that are given.

        Raises:
            Problem: One is out of range.
        """
        given = self.model_dump(include={"codec", "crf", "start", "end"}, exclude_none=True)
        try:
            VideoOptions(**given)
        except OptionError as error:
            raise Problem.of("option", str(error)) from None
        return given


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
