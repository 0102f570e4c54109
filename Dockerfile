FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No scripts: the one there is fetches a Node, which the image already has.
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8881 DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json mikro-orm.config.ts ./
COPY machines ./machines
COPY src ./src
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8881
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "--input-type=module", "--eval", "const { ok } = await fetch(`http://127.0.0.1:${process.env.PORT}/api/v2/health`); process.exit(ok ? 0 : 1)"]
# Exec form, so that SIGTERM reaches the service itself, which drains.
CMD ["node", "src/main.ts"]
