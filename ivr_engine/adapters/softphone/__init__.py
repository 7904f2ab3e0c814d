"""A software telephone: PJSIP in a process of its own, and the asyncio side that drives it.

`lines` says what a telephone is and what it reports, `hearing` tells sound from silence, `process` is the other
process (the only importer of pjsua2, GPL), `softphones` starts such processes and gives out telephones and calls.
"""
