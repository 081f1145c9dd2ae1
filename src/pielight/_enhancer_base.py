"""What an enhancer is made of: a model, a denoiser, and the options that they take."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pielight import __version__
from pielight._deprecated_enhancer import takes_former_arguments
from pielight.core.threads import check_threads
from pielight.inference.denoise import DESCRIPTOR as DENOISE
from pielight.inference.denoise import shared_denoiser
from pielight.inference.descriptor import find_model, kind_for
from pielight.inference.devices import open_engine
from pielight.inference.exposure_map import ExposureNetwork
from pielight.inference.processor import Processor, Runtime
from pielight.io.provenance import Record
from pielight.ops.apply_device import check_device
from pielight.options import AUTO, BRIGHTEN, EnhanceOptions, chosen_options

if TYPE_CHECKING:
    from typing import Self

_CPU = {"cpu", "cpu:0"}  # as torch names it
_RECORDED = {"target_ev": "Target", "black": "Black", "warmth": "Warmth", "tint": "Tint"}


class EnhancerBase:
    """A model, opened at the first picture; see :class:`pielight.Enhancer` for the arguments."""

    def __init__(
        self,
        model: str | Path | None = None,
        threads: int | None = None,
        auto: bool = True,
        device: str = "cpu",
        denoise_model: str | Path | None = None,
        task: str = BRIGHTEN,
    ) -> None:
        if threads is not None:
            check_threads(threads)
        self._descriptor = kind_for(task, model)
        on_device = str(device) not in _CPU
        self._descriptor.check_options(auto=not auto, device=on_device)
        self.model = find_model(task, model)
        self.denoiser = DENOISE.find(denoise_model)
        self.task = task
        self.threads = threads
        self.auto = auto
        denoiser = shared_denoiser(self.denoiser.path, threads)
        network = self._descriptor.open(self.model.path, threads)
        runtime = Runtime(denoiser, threads)
        if on_device:
            chosen = check_device(device)
            engine = open_engine(network, chosen) if isinstance(network, ExposureNetwork) else None
            runtime = replace(runtime, device=chosen, engine=engine)
        self.processor = Processor(runtime, network)

    def with_denoiser(self, denoise_model: str | Path | None) -> Self:
        """Return an enhancer with the same model and another denoising network.

        Raises:
            ModelError: There is no such file.

        >>> from pielight import Enhancer
        >>> Enhancer(threads=1).with_denoiser(None).denoiser.name
        'denoise'
        """
        other = copy(self)
        other.denoiser = DENOISE.find(denoise_model)
        runtime = replace(self.processor.runtime, denoiser=shared_denoiser(other.denoiser.path, self.threads))
        other.processor = replace(self.processor, runtime=runtime)
        return other

    def denoises(self, options: EnhanceOptions) -> bool:
        """Say whether the denoiser takes part in a result.

        >>> from pielight import Enhancer
        >>> Enhancer(threads=1).denoises(EnhanceOptions()), Enhancer(task="derain").denoises(EnhanceOptions())
        (True, False)
        """
        return options.denoise != 0 and "denoise" in self._descriptor.options

    @takes_former_arguments
    def record(self, options: EnhanceOptions | None = None, quality: int | None = None) -> Record:
        """Return the record of what makes a result, as the XMP of a result's file holds it.

        Raises:
            ModelError: A model's file cannot be read.

        >>> from pielight import Enhancer
        >>> dict(Enhancer(threads=1).record(EnhanceOptions(0.5)).options)["Strength"]
        '0.5'
        """
        options, known = self._resolved(options, check=False), self._descriptor.options
        return Record.of(
            __version__,
            Task=self.task,
            Model=self.model.name,
            ModelSHA256=self.model.sha256(),
            Strength=options.strength,
            Highlights=options.highlights if "highlights" in known else None,
            Auto=options.auto if "auto" in known else None,
            Denoise=options.denoise if "denoise" in known else None,
            DenoiseModelSHA256=self.denoiser.sha256() if self.denoises(options) else None,
            Quality=quality,
            **{_RECORDED[name]: value for name, value in options.taste().items()},
        )

    def _options(self, options: EnhanceOptions | None, **given: Any) -> EnhanceOptions:
        """Return the options of a call: those given one by one, or in an object."""
        return self._resolved(chosen_options(options, **given))

    def _resolved(self, options: EnhanceOptions | None, check: bool = True) -> EnhanceOptions:
        """Return options with the enhancer's own ``auto`` where they leave it open, checked for its task."""
        options = options or EnhanceOptions()
        if options.auto is None:
            options = replace(options, auto=self.auto)
        if options.highlights is None:
            options = replace(options, highlights=self._descriptor.highlights)
        if check:
            self._descriptor.check_options(
                highlights=options.highlights not in (None, self._descriptor.highlights),
                denoise=options.denoise not in (0, AUTO),
                auto=not options.auto,
                **dict.fromkeys(options.taste(), True),
            )
        return options
