# The image of Redis nodes, Sentinels and wardens: Redis, Node for the start gate and the warden, what `npm run build` made.
# The first argument says which of the three it is: redis, sentinel, warden.
#   npm run build && docker build -f infra/images/redis.Dockerfile -t holdfast/redis:0.1.0 .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG REDIS_IMAGE=redis:8.2.9-bookworm
FROM ${NODE_IMAGE} AS node
FROM ${REDIS_IMAGE}
COPY --from=node /usr/local/bin/node /usr/local/bin/node
# A volume takes over the owner of the folder that it is mounted on.
RUN install -d -o 10001 -g 10001 /data && chown 10001:10001 /data
COPY infra/images/app.package.json /app/package.json
COPY infra/images/*.js /app/
COPY apps/warden/dist/ /app/
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "/app/start.js"]
