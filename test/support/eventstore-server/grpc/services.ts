import { randomUUID } from 'node:crypto';
import type { IGossipServer } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import type { IServerFeaturesServer } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { appendCall } from './append-call.js';
import { batchAppendCall } from './batch-append-call.js';
import { deleteCall, tombstoneCall } from './delete-calls.js';
import { features, gossip, GossipService, grpc, ServerFeaturesService, shared, StreamsService } from './protocol.js';
import { readCall } from './read-call.js';
import type { ServerContext } from './server-context.js';

/** Events of up to 16 MB may be stored by other ways than gRPC; the client takes 17 MB, and so does this. */
const MAXIMUM_MESSAGE_BYTES = 17 * 1024 * 1024;
const SERVER_VERSION = '1.0.0';

/** The methods of a real server that this one has, with their features. */
const SUPPORTED: readonly { readonly method: string; readonly features: readonly string[] }[] = [
  { method: 'read', features: ['position', 'events'] },
  { method: 'append', features: [] },
  { method: 'delete', features: [] },
  { method: 'tombstone', features: [] },
  { method: 'batchappend', features: ['deadline_duration'] },
];

export type GrpcServer = InstanceType<typeof grpc.Server>;

/** A gRPC server with the services of this stand-in, not yet bound to anything. */
export function createGrpcServer(context: ServerContext): GrpcServer {
  const server = new grpc.Server({ 'grpc.max_receive_message_length': MAXIMUM_MESSAGE_BYTES });
  const streams: IStreamsServer = {
    read: readCall(context),
    append: appendCall(context),
    delete: deleteCall(context),
    tombstone: tombstoneCall(context),
    batchAppend: batchAppendCall(context),
  };
  server.addService(StreamsService, streams);
  server.addService(ServerFeaturesService, featuresService(context));
  server.addService(GossipService, gossipService(context));
  return server;
}

function featuresService({ faults }: ServerContext): IServerFeaturesServer {
  return {
    getSupportedMethods: (_call, callback) => {
      const answer = new features.SupportedMethods().setEventStoreServerVersion(SERVER_VERSION);
      for (const { method, features: names } of SUPPORTED) {
        const supported = new features.SupportedMethod();
        supported
          .setServiceName('event_store.client.streams.streams')
          .setMethodName(method)
          .setFeaturesList([...names]);
        answer.addMethods(supported);
      }
      const wait = faults.beforeAnswer() ?? Promise.resolve();
      void wait.then(() => callback(null, answer));
    },
  };
}

/** What a client with several hosts asks each of them: this server is the leader, and all there is of the cluster. */
function gossipService({ faults, self }: ServerContext): IGossipServer {
  const instance = new shared.UUID().setString(randomUUID());
  return {
    read: (_call, callback) => {
      const member = new gossip.MemberInfo()
        .setInstanceId(instance)
        // In the server's own unit of 100 ns since 1970.
        .setTimeStamp(`${Date.now()}0000`)
        .setState(gossip.MemberInfo.VNodeState.LEADER)
        .setIsAlive(true)
        .setHttpEndPoint(new gossip.EndPoint().setAddress(self.host).setPort(self.port));
      const wait = faults.beforeAnswer() ?? Promise.resolve();
      void wait.then(() => callback(null, new gossip.ClusterInfo().setMembersList([member])));
    },
  };
}
