# The backend's image, with the console in it: what `npm run build` made.
#   npm run build && docker build -f infra/images/backend.Dockerfile -t holdfast/backend:0.1.0 .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE}
COPY infra/images/app.package.json /app/package.json
COPY infra/images/*.js /app/
COPY apps/backend/dist/ /app/
USER 10001:10001
ENTRYPOINT ["node", "/app/start.js"]
