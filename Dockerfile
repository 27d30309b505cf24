# The exporter, and the demo's dialler. Nothing but Python runs in it, as nobody in particular, and nothing is written.
FROM python:3.13.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# First what seldom changes, so that a change of the code alone does not fetch it again.
COPY requirements-image.lock requirements-build.lock ./
RUN python -m venv /opt/campaign-exporter \
    && /opt/campaign-exporter/bin/python -m pip install \
         --no-deps --require-hashes --only-binary :all: -r requirements-image.lock \
    && python -m pip install --no-deps --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY scripts/wheel scripts/wheel
COPY exporter exporter
COPY alerts alerts
COPY adapters adapters
COPY dashboards dashboards
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/campaign-exporter/bin/python -m pip install --no-deps --no-index /wheels/*.whl \
    && /opt/campaign-exporter/bin/python -m pip uninstall --yes pip

FROM python:3.13.12-slim-bookworm
COPY --from=build /opt/campaign-exporter /opt/campaign-exporter
ENV PATH=/opt/campaign-exporter/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 10517
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:10517/-/healthy', timeout=4)"]
ENTRYPOINT ["campaign-exporter"]
CMD ["serve", "--config.file=/etc/campaign-exporter/exporter.yaml"]
