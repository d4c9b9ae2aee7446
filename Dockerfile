# The gateway alone: no emulator, no compiler, no shell tools of ours, not root.
# docker build -t connect-gateway . && docker run -p 8080:8080 -v ./gateway:/etc/connect-gateway:ro connect-gateway
# For rules that are published from the console, a volume of their own: -v rules:/var/lib/connect-gateway
# The folder `gateway` holds gateway.toml and the files it names, readable by user 10001. AWS credentials come from
# the usual chain: the task's or the node's role, or variables passed with -e.

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libclang-dev libssl-dev libxml2-dev libxmlsec1-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --locked --release --bin connect-gateway

FROM debian:bookworm-slim
# What `ldd connect-gateway` names, and the certificate authorities of the system.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 libxml2 libxmlsec1 libxmlsec1-openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gateway \
    && install -d -o gateway -m 0700 /var/lib/connect-gateway
COPY --from=build /src/target/release/connect-gateway /usr/local/bin/connect-gateway
USER 10001
ENV CONNECT_GATEWAY__LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["connect-gateway"]
CMD ["serve", "--config", "/etc/connect-gateway/gateway.toml"]
