"""PJSIP configured: endpoint, accounts, tones."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pjsua2 as pj

from ivr_engine.adapters.softphone.lines import LINES_PER_PROCESS, Line

PjObject = Any  # pjsua2 has no types
CLOCK_HZ = 8000
CODECS = ("PCMU/8000/1", "PCMA/8000/1")


def call_options(code: int) -> PjObject:
    """Default options, with a SIP status for an answer or a refusal."""
    param = pj.CallOpParam(True)  # noqa: FBT003  # PJSIP's signature: default call settings
    param.statusCode = code
    return param


def tones(hertz: int) -> PjObject:
    """One steady tone."""
    tone = pj.ToneDesc()
    tone.freq1, tone.on_msec, tone.off_msec, tone.volume = hertz, 1000, 0, 8000
    tones = pj.ToneDescVector()
    tones.append(tone)
    return tones


def account_config(line: Line, address: str) -> PjObject:
    """How PJSIP is told of a line. `address`: where this process takes SIP, HOST:PORT."""
    config = pj.AccountConfig()
    host = line.pbx if line.secret else address
    name = line.name.replace("\\", "").replace('"', "")
    config.idUri = f'"{name}" <sip:{quote(line.number)}@{host}>'
    config.mediaConfig.transportConfig.port = 0  # any free one
    config.mediaConfig.transportConfig.boundAddress = address.rpartition(":")[0]
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_INACTIVE
    config.natConfig.contactRewriteUse = config.natConfig.viaRewriteUse = config.natConfig.sipOutboundUse = 0
    if line.secret:
        config.regConfig.registrarUri = f"sip:{line.pbx}"
        config.regConfig.retryIntervalSec = 0
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", line.number, 0, line.secret))
    return config


def open_endpoint(bind: str, trace: str) -> tuple[PjObject, str]:
    """Start PJSIP without threads of its own for SIP and without a sound card. Returns it and its SIP address HOST:PORT."""
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.maxCalls = LINES_PER_PROCESS
    config.logConfig.consoleLevel = 1
    config.logConfig.level, config.logConfig.filename = (4, trace) if trace else (1, "")
    config.medConfig.clockRate = config.medConfig.sndClockRate = CLOCK_HZ
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    endpoint.libInit(config)
    udp = pj.TransportConfig()
    udp.port, udp.boundAddress = 0, bind
    address = endpoint.transportGetInfo(endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, udp)).localName
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 200 if codec.codecId in CODECS else 0)
    return endpoint, address
