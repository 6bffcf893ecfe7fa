"""Spoken sentences for the programs that judge how calls sound."""

import pathlib
import subprocess

import numpy
from scipy.signal import resample_poly

SENTENCES = [
    "Good morning, this is the service centre, how may I help you today?",
    "Your parcel left the warehouse on Tuesday and should arrive before the end of the week.",
    "Please hold the line while I look up the number of your contract.",
    "The engineer will call you half an hour before he comes.",
]
RATE = 48_000
PAUSE = RATE // 2


def spoken(folder: pathlib.Path):
    """Each sentence as samples at RATE, in turn in the voice of a man and of a woman."""
    return [sentence(folder / f"sentence-{number}.wav", number, text) for number, text in enumerate(SENTENCES)]


def sentence(path, number, text):
    voice = ["en-gb", "en-us+f3"][number % 2]
    subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", path, text], check=True)
    data = numpy.frombuffer(path.read_bytes()[44:], "<i2").astype(float)
    samples = resample_poly(data, RATE, 22_050)
    # −26 dBov, as ITU-T P.56 has speech for tests.
    samples *= 10 ** (-26 / 20) * 32_768 / numpy.sqrt(numpy.mean(samples**2))
    return numpy.clip(samples, -32_768, 32_767).astype("<i2")
