# The engine with its own Asterisk. Asterisk comes from Debian's unstable suite into a root of its own, as `pbx install` does it.
FROM debian:sid-slim AS pbx
RUN apt-get update && apt-get install -y --no-install-recommends asterisk && rm -rf /var/lib/apt/lists/*

FROM python:3.12-slim-bookworm
COPY --from=pbx / /var/cache/ivr-engine/asterisk
WORKDIR /srv/ivr-engine
COPY pyproject.toml README.md LICENSE ./
COPY ivr_engine ivr_engine
COPY asterisk-conf asterisk-conf
COPY dialplans dialplans
COPY flows flows
RUN pip install --no-cache-dir '.[tts,fast]' && useradd --system --home /var/lib/ivr-engine --create-home ivr
ENV IVR_ENGINE_STATE_DIR=/var/lib/ivr-engine IVR_ENGINE_CACHE_DIR=/var/cache/ivr-engine
USER ivr
VOLUME /var/lib/ivr-engine
EXPOSE 5080/udp 20000-20999/udp
# A call is let through to the engine, or it is not: unanswered, and without a record.
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s CMD ["ivr-engine", "ready"]
ENTRYPOINT ["ivr-engine"]
CMD ["run", "flows/sample-bank", "--host-service"]
