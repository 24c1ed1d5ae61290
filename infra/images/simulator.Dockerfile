# The image of the simulated broker and its terminals: what `npm run build` made. Not for real money.
# The first argument says which of the two it is: broker, terminal.
#   npm run build && docker build -f infra/images/simulator.Dockerfile -t holdfast/simulator:0.1.0 .
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
FROM ${NODE_IMAGE}
# A volume takes over the owner of the folder that it is mounted on.
RUN install -d -o 10001 -g 10001 /var/lib/holdfast
COPY infra/images/app.package.json /app/package.json
COPY infra/images/*.js /app/
COPY tools/mt5-sim/dist/ /app/
USER 10001:10001
ENTRYPOINT ["node", "/app/start.js"]
