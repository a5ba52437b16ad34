# jobsite in a container. README.md and docs/image.md say how to run it; `make image-test` carries
# out these steps in a bare Debian and uses what comes of them.
FROM debian:trixie-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv ca-certificates
RUN python3 -m venv /opt/jobsite
ENV PATH=/opt/jobsite/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
# The exact versions, in a layer that a change of the code does not touch.
COPY requirements.txt ./
RUN pip install --quiet --require-hashes -r requirements.txt
COPY . ./
RUN JOBSITE_DATA_DIR=/tmp/scratch python manage.py collectstatic --noinput --verbosity 0
RUN pip wheel --quiet --no-deps --wheel-dir /tmp/wheel . && pip install --quiet --no-deps /tmp/wheel/*.whl
RUN pip uninstall --quiet --yes pip

FROM debian:trixie-slim
# libgomp for LightGBM; pg_dump and pg_restore for backups of a PostgreSQL database.
RUN apt-get update && apt-get install -y --no-install-recommends python3 libgomp1 postgresql-client ca-certificates tzdata && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/jobsite /opt/jobsite
COPY image/entrypoint.sh /usr/local/bin/jobsite
COPY image/health.py /usr/local/lib/health.py
# Anybody may make folders in a new volume: the user of the container is not known yet.
RUN mkdir /data && chmod 777 /data
ENV PATH=/usr/local/bin:/opt/jobsite/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PYTHONUNBUFFERED=1 HOME=/tmp
# One volume, so that finished files are renamed and linked, not copied.
ENV JOBSITE_DATA_DIR=/data/jobsite DOWNLOAD_DIR=/data/downloads JOBSITE_BIND=0.0.0.0:8000
VOLUME /data
EXPOSE 8000 6881/tcp 6881/udp
# To process 1 alone, which lets every job save its work.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s CMD ["python", "-I", "/usr/local/lib/health.py"]
ENTRYPOINT ["jobsite"]
CMD ["up"]
