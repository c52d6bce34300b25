# docker build -t gyroseg . && docker run --rm -it -v "$PWD/data:/gyroseg/data" gyroseg scripts/demo
FROM debian:12
RUN apt-get update -q && apt-get install -y -q --no-install-recommends ca-certificates git
WORKDIR /gyroseg
COPY . .
RUN scripts/build
CMD ["scripts/demo"]
