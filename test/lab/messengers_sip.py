"""SIP: sipp inside calls and writes to sipp outside, over UDP and TCP; tones as RTP in its calls."""

import itertools
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lab as labs
from clients import Outcome, Stopwatch
from messengers_play import ALL, NONE, TEXT_ONLY, Use
from messengers_servers import (MEDIA_PORT, SIP_PLAIN, SIP_PORT, SIP_TCP_CALL, SIP_TCP_TEXT, SIP_UDP_CALL,
                                SIP_UDP_TEXT, address)

FILES = Path(__file__).with_name("sip")
LYNC, PLAIN = "UCCAPI/16.0.4266.1001 OC/16.0 (Lync)", "a telephone"


def uses(refused):
    """What is refused is silent over UDP and reset over TCP."""
    return ({NONE: refused, TEXT_ONLY: "allowed", ALL: "allowed"},
            {NONE: refused, TEXT_ONLY: refused, ALL: "allowed"})


(UDP_TEXT, UDP_CALL), (TCP_TEXT, TCP_CALL) = uses("silent"), uses("reset")
MEDIA = (("lync", "voice", MEDIA_PORT),)
USES = (
    (Use("SIP text over UDP", SIP_UDP_TEXT, "lync", "text-chat", UDP_TEXT), "send-text", "u1", LYNC),
    (Use("SIP text over TCP", SIP_TCP_TEXT, "lync", "text-chat", TCP_TEXT), "send-text", "t1", LYNC),
    (Use("SIP call over UDP", SIP_UDP_CALL, "lync", "voice", UDP_CALL, also=MEDIA), "call", "u1", LYNC),
    (Use("SIP call over TCP", SIP_TCP_CALL, "lync", "voice", TCP_CALL, also=MEDIA), "call", "t1", LYNC),
    (Use("SIP text of a telephone known by its server", SIP_PLAIN, "telephones", "text-chat", UDP_TEXT),
     "send-text", "u1", PLAIN),
)


def sipp(host, scenario, transport, agent, number, folder, pause=300):
    """One text or call; of a call the other end hears `pause` milliseconds of it."""
    watch = Stopwatch()
    command = ["sipp", address(host), "-nostdin", "-sf", FILES / f"{scenario}.xml", "-m", 1, "-i", labs.CLIENT4,
               "-p", 15060 + number, "-mi", labs.CLIENT4, "-mp", 16000 + 2 * number, "-t", transport,
               "-key", "agent", agent, "-d", pause, "-timeout", "6s", "-timeout_error", "-recv_timeout", 2500,
               "-max_reconnect", 0, "-trace_err", "-error_file", folder / f"sipp-{number}.err"]
    result = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            errors="replace", check=False, cwd=folder, timeout=20)
    took = watch.milliseconds
    errors = folder / f"sipp-{number}.err"
    told = (errors.read_text(errors="replace") if errors.exists() else "") + result.stderr
    errors.unlink(missing_ok=True)
    if result.returncode == 0:
        return Outcome("allowed", took, "answered")
    if "reset" in told or "refused" in told or "Broken pipe" in told:
        return Outcome("reset", took, told[-300:])
    if "timeout" in told.lower():
        return Outcome("silent", took, told[-300:])
    return Outcome("failed", took, f"status {result.returncode}: {told[-300:]}")


PORTS = itertools.count(0, 2)  # a UDP flow on the same ports would be an old one, judged anew


def call(host, folder, milliseconds):
    return sipp(host, "call", "u1", LYNC, next(PORTS), folder, milliseconds)


def play(folder):
    with ThreadPoolExecutor(len(USES)) as pool:
        going = [(use, pool.submit(sipp, use.host, scenario, transport, agent, next(PORTS), folder))
                 for use, scenario, transport, agent in USES]
        return [(use, each.result()) for use, each in going]
