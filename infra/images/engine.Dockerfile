# The engine's image: what `npm run build` made, and nothing that is downloaded while it is built.
#   npm run build && docker build -f infra/images/engine.Dockerfile -t holdfast/engine:0.1.0 .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE}
COPY infra/images/app.package.json /app/package.json
COPY infra/images/*.js /app/
COPY apps/engine/dist/ /app/
USER 10001:10001
ENTRYPOINT ["node", "/app/start.js"]
