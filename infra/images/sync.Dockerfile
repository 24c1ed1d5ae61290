# The image of sync: what `npm run build` made, and DuckDB's native module as npm installed it for this platform.
#   npm run build && docker build -f infra/images/sync.Dockerfile -t holdfast/sync:0.1.0 .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE}
# A volume takes over the owner of the folder that it is mounted on.
RUN install -d -o 10001 -g 10001 /var/lib/holdfast /var/lib/duckdb /var/lib/duckdb/backups
COPY node_modules/@duckdb/ /app/node_modules/@duckdb/
COPY infra/images/app.package.json /app/package.json
COPY infra/images/*.js /app/
COPY apps/sync/dist/ /app/
USER 10001:10001
ENTRYPOINT ["node", "/app/start.js"]
