# Pixmill's HTTP function as a container image, for Knative or a Deployment:
#
#   docker build -t pixmill .                       JPEG, PNG, WebP, GIF, AVIF, TIFF
#   docker build --target full -t pixmill:full .    and HEIC and JPEG XL
#
# With --build-arg VERSION="$(git describe --tags --always --dirty)" its label and its log
# say which version it is; .git is not sent to Docker.
#
# It has in it what `make image` and `make image-full` pack; docs/image.md says more.

# The source comes last in each stage: what does not depend on it is not made again.
FROM golang:1.26-bookworm AS base
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates xz-utils
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download

FROM base AS build-full
RUN apt-get install -y --no-install-recommends libvips-dev mmdebstrap
COPY scripts/image-root.sh scripts/
RUN scripts/image-root.sh /root.tar
COPY . .
ARG VERSION=
RUN make --no-print-directory STAMP="$VERSION" dist/full/function-full \
    && go run ./tools/ociimage -function dist/full/function-full -root /root.tar -dir /image

FROM scratch AS full
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title=Pixmill \
      org.opencontainers.image.description="Makes every variant of an image that is dropped into a bucket" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-3.0-or-later" \
      org.opencontainers.image.documentation=docs/image.md
# The system seldom changes, the program often.
COPY --from=build-full /image/system/ /
COPY --from=build-full /image/program/ /
ENV PATH=/app
WORKDIR /etc/pixmill
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/function"]

FROM base AS build
COPY tools/libvips tools/libvips
RUN go run ./tools/libvips >/libvips
COPY . .
ARG VERSION=
RUN arch=$(go env GOARCH) \
    && make --no-print-directory LIBVIPS_PREFIX="$(cat /libvips)" CC=gcc STAMP="$VERSION" "dist/$arch/function" \
    && go run ./tools/ociimage -function "dist/$arch/function" -libvips "$(cat /libvips)" -dir /image

FROM scratch AS small
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title=Pixmill \
      org.opencontainers.image.description="Makes every variant of an image that is dropped into a bucket" \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION \
      org.opencontainers.image.licenses="Apache-2.0 AND LGPL-3.0-or-later" \
      org.opencontainers.image.documentation=docs/image.md
COPY --from=build /image/system/ /
COPY --from=build /image/program/ /
ENV PATH=/app
WORKDIR /etc/pixmill
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/function"]
