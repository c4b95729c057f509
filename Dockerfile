# syntax=docker/dockerfile:1
# Two stages: the first builds a virtual environment, the second holds only what runs.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/arpent
COPY requirements-run.lock ./
RUN /opt/arpent/bin/pip install --no-cache-dir --require-hashes -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY rules ./rules
COPY connectors ./connectors
COPY service ./service
COPY migrations ./migrations
RUN /opt/arpent/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin arpent \
    && install --directory --owner=arpent --mode=0700 /data
COPY --from=build /opt/arpent /opt/arpent
ENV PATH=/opt/arpent/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    ARPENT_DATABASE_URL=sqlite:////data/arpent.sqlite3 \
    ARPENT_LOG=json
USER arpent
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s --retries=3 \
    CMD ["arpent", "status", "--health"]
CMD ["arpent", "worker"]
