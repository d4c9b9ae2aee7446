# The same image as `make image` makes, for those who have a container engine and a registry of images.
#   docker build -t connect-gateway .        (and --target emulator for what deploy/compose puts in the place of AWS)
#   docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 8080:8080 -v ./gateway:/etc/connect-gateway:ro connect-gateway
# The folder `gateway` holds gateway.toml and the files it names, readable by user 10001. AWS credentials come from the usual chain: the
# task's or the node's role, or variables passed with -e. Rules that are published from the console need a volume of their own:
# -v rules:/var/lib/connect-gateway
#
# Bases are pinned by exact tag. Pin them by digest where your registry tells it:
#   --build-arg RUST=rust:1.95.0-slim-bookworm@sha256:… --build-arg DEBIAN=debian:bookworm-slim@sha256:…
ARG RUST=rust:1.95.0-slim-bookworm

FROM ${RUST} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends git libclang-dev libssl-dev libxml2-dev libxmlsec1-dev make mmdebstrap pkg-config python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# Seconds since 1970 that everything in the image is dated; `$(scripts/source-date)` outside.
ARG SOURCE_DATE_EPOCH=0

FROM build AS gateway-files
RUN scripts/build-release connect-gateway \
    && scripts/rootfs target/release/connect-gateway /rootfs.tar \
    && mkdir /rootfs \
    && tar -xpf /rootfs.tar -C /rootfs

FROM build AS emulator-files
RUN scripts/build-release connect-emulator \
    && scripts/rootfs target/release/connect-emulator /rootfs.tar \
    && mkdir /rootfs \
    && tar -xpf /rootfs.tar -C /rootfs

# A stand-in for AWS and an identity provider, to try things with. Not for production.
FROM scratch AS emulator
COPY --from=emulator-files /rootfs /
USER 10001:10001
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/bin/connect-emulator"]

FROM scratch AS gateway
COPY --from=gateway-files /rootfs /
USER 10001:10001
WORKDIR /
# The health check asks the second one.
ENV PATH=/usr/bin CONNECT_GATEWAY__LISTEN=0.0.0.0:8080 CONNECT_GATEWAY__OPERATIONS__LISTEN=127.0.0.1:9090
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["/usr/bin/connect-gateway", "healthcheck", "--live", "--config", "/etc/connect-gateway/gateway.toml"]
ENTRYPOINT ["/usr/bin/connect-gateway"]
CMD ["serve", "--config", "/etc/connect-gateway/gateway.toml"]
