# One image for every process of the service: docker-compose.yml says which one a container runs. Nothing is built or installed in it, so
# it holds none of the scripts behind `npm run`: `node dist/apps/cli/main.js` is the command line.
FROM node:20.19.5-bookworm-slim AS build
WORKDIR /service
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20.19.5-bookworm-slim
WORKDIR /service
RUN mkdir /data && chown node:node /data
COPY --from=build /service/package.json ./
COPY --from=build /service/node_modules node_modules
COPY --from=build /service/dist dist
USER node
ENV DATA_DIR=/data
CMD ["node", "dist/apps/standalone/main.js"]
