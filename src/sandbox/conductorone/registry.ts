import { createRegistry } from '@bufbuild/protobuf';
import { file_c1_connector_v2_action } from '../../conductorone/generated/c1/connector/v2/action_pb.ts';
import { file_c1_connector_v2_annotation } from '../../conductorone/generated/c1/connector/v2/annotation_pb.ts';
import { file_c1_connector_v2_event_feed } from '../../conductorone/generated/c1/connector/v2/event_feed_pb.ts';
import { file_c1_connector_v2_grant } from '../../conductorone/generated/c1/connector/v2/grant_pb.ts';
import { file_c1_connector_v2_resource } from '../../conductorone/generated/c1/connector/v2/resource_pb.ts';
import { file_c1_connector_v2_trait } from '../../conductorone/generated/c1/connector/v2/trait_pb.ts';
import { file_google_rpc_error_details } from '../../conductorone/generated/google/rpc/error_details_pb.ts';

/** The messages that may be packed into an Any. */
export const registry = createRegistry(
  file_c1_connector_v2_action,
  file_c1_connector_v2_annotation,
  file_c1_connector_v2_event_feed,
  file_c1_connector_v2_grant,
  file_c1_connector_v2_resource,
  file_c1_connector_v2_trait,
  file_google_rpc_error_details,
);
