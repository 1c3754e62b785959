# Signet, run as it is: there is nothing to build. The image serves by /app/config/signet.yaml, a development server on localhost, unless
# SIGNET_CONFIG names other settings; docs/production.md says how it is run in production.
FROM node:26-slim

ENV NODE_ENV=production
WORKDIR /app

# The image has a Node of its own; the ones that npm brings along are for machines without.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && rm -rf node_modules/node-linux-* node_modules/node-bin-* node_modules/.bin/node \
    && npm cache clean --force

COPY scripts/signet.mjs scripts/ready.mjs ./scripts/
COPY config ./config
COPY views ./views
COPY src ./src

# What is written, and by whom: the code belongs to root, and is only read.
RUN install -d -m 700 -o node -g node /data /keys /demo
ENV SIGNET_DATA=/data SIGNET_KEYS=/keys SIGNET_HOST=0.0.0.0 NODE_COMPILE_CACHE=/tmp/compile-cache
VOLUME ["/data", "/keys"]
USER node
EXPOSE 4000

# Ready, not just alive: a balancer that goes by this sends nobody where nothing can be stored. Not for `listen.tls`.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SIGNET_PORT||4000}/health/ready`).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]

CMD ["node", "scripts/signet.mjs", "serve"]
