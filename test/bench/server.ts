import { Body, Controller, Module, Patch } from '@nestjs/common';
import { CommandRoute } from '#http';
import { readConfiguration } from '#runtime';
import { ChangeWorkspaceBody, WorkspaceCommandAnswer } from '#workspaces';
import { startStandalone } from '../../apps/standalone/standalone.js';

/** The reference of B2: checks the same token, validates the same body, and does nothing. */
@Controller('v1/bench')
class NothingRoute {
  @Patch('nothing')
  @CommandRoute({
    summary: 'Does nothing.',
    requires: 'authenticated',
    answer: WorkspaceCommandAnswer,
    refusals: ['validation-failed'],
  })
  nothing(@Body() _body: ChangeWorkspaceBody): WorkspaceCommandAnswer {
    return { id: 'nothing', revision: 0, position: '0' };
  }
}

@Module({ controllers: [NothingRoute] })
class BenchModule {}

/** The service in a process of its own, so that the load does not run on its thread; tells its parent when it listens. */
const { url, close } = await startStandalone(readConfiguration(process.env), [BenchModule]);
process.send?.({ url });
process.once('SIGTERM', () => void close().then(() => process.exit(0)));
