import { createRequire } from 'node:module';

// The client ships the generated CommonJS code of its own protocol. Everything is loaded as the client loads it, so that
// both ends speak the same version of gRPC and of the messages.
const client = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client/package.json'));

export const grpc = client('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
export const { Any } = client('google-protobuf/google/protobuf/any_pb.js') as Pick<
  typeof import('google-protobuf/google/protobuf/any_pb.js'),
  'Any'
>;
export const { Empty: ProtobufEmpty } = client('google-protobuf/google/protobuf/empty_pb.js') as Pick<
  typeof import('google-protobuf/google/protobuf/empty_pb.js'),
  'Empty'
>;
export const messages = client('./generated/streams_pb.js') as Pick<
  typeof import('@eventstore/db-client/generated/streams_pb.js'),
  'ReadReq' | 'ReadResp' | 'AppendResp' | 'BatchAppendResp' | 'DeleteResp' | 'TombstoneResp'
>;
export const shared = client(
  './generated/shared_pb.js',
) as typeof import('@eventstore/db-client/generated/shared_pb.js');
export const { Status: StatusMessage } = client(
  './generated/status_pb.js',
) as typeof import('@eventstore/db-client/generated/status_pb.js');
export const features = client(
  './generated/serverfeatures_pb.js',
) as typeof import('@eventstore/db-client/generated/serverfeatures_pb.js');
export const { StreamsService } = client('./generated/streams_grpc_pb.js') as Pick<
  typeof import('@eventstore/db-client/generated/streams_grpc_pb.js'),
  'StreamsService'
>;
export const { ServerFeaturesService } = client('./generated/serverfeatures_grpc_pb.js') as Pick<
  typeof import('@eventstore/db-client/generated/serverfeatures_grpc_pb.js'),
  'ServerFeaturesService'
>;
export const gossip = client(
  './generated/gossip_pb.js',
) as typeof import('@eventstore/db-client/generated/gossip_pb.js');
export const { GossipService } = client('./generated/gossip_grpc_pb.js') as Pick<
  typeof import('@eventstore/db-client/generated/gossip_grpc_pb.js'),
  'GossipService'
>;
