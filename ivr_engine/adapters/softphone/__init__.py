"""A software telephone: PJSIP in a process of its own, and the asyncio side that drives it.

The driving side: `softphones` gives out telephones and calls, `conversation` makes a whole call by script,
`telephone_process` starts the other process. The other process: `process`, `desk`, `telephone_call` and `pjsip`, the only
importers of pjsua2 (GPL). Shared: `lines` says what a telephone is and what it reports, `hearing` tells sound from silence.
"""
