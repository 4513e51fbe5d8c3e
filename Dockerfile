# Both images by digest in a release: --build-arg NODE_IMAGE=node@sha256:… --build-arg RUNTIME_IMAGE=gcr.io/…@sha256:…
ARG NODE_IMAGE=docker.io/library/node:26-trixie-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs26-debian13:nonroot

# The bundle is the same for every platform: build it on the builder's own.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# esbuild alone has an install script that the bundle needs, and it works without it; Node 26 is already here.
RUN npm ci --ignore-scripts --no-fund --no-audit
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY scripts/build scripts/build
COPY src src
RUN node scripts/build.ts
# Deployments and probes that name the program of baton-asana's image find it in this one.
RUN printf '#!/nodejs/bin/node\nimport("/app/asana-connector.mjs");\n' > baton-asana

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=""
LABEL org.opencontainers.image.title="asana-connector" \
      org.opencontainers.image.description="Runs ConductorOne's Asana connector on Kubernetes and turns declared license grants into access in Asana" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# Owned by root and read-only for the user it runs as.
COPY --from=build --chown=0:0 --chmod=0444 /src/dist/*.mjs /src/dist/licenses.txt /src/dist/sbom.cdx.json ./
COPY --chown=0:0 --chmod=0444 LICENSE ./
COPY --from=build --chown=0:0 --chmod=0555 /src/baton-asana /baton-asana
# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532
# glibc raises both thresholds to the largest buffer that was ever freed, 32 and 64 MiB at most, keeps what is below them, and
# gives each thread an arena of its own. Held down, 17 MiB less are resident with 10,000 grants (docs/performance.md).
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 MALLOC_TRIM_THRESHOLD_=131072
ENTRYPOINT ["/nodejs/bin/node", "/app/asana-connector.mjs"]
